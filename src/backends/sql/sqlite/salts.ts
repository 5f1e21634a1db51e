import type { MikroORM } from '@mikro-orm/core';
import type { SaltStore } from '../../../storage/salt-store.js';
import { isSetup } from '../../base/database-error.js';
import { SALT_COLUMNS, type SaltTable, saltError } from '../salt-table.js';
import { quote } from '../identifiers.js';
import { conditionOf } from './errors.js';
import {
  type NativeDatabase,
  type SqliteConnection,
  firstValue,
  sqliteConnection,
  withoutWaiting,
} from './native-client.js';
import { emptyLogOf, writeThreads } from './file-thread.js';

const COLUMNS = `day ${SALT_COLUMNS.day} primary key not null, salt ${SALT_COLUMNS.salt} not null`;

/**
 * Salts by the native client, as `SqliteWriter` writes records: Kysely's lock keeps them out of the application's
 * transactions, and they never wait for another connection's lock.
 */
export class SqliteSalts implements SaltStore {
  readonly #orm: MikroORM;
  readonly #connection: SqliteConnection;
  readonly #table: SaltTable;
  /** Whether the log may hold deleted salts; null while it is unknown whether an earlier process left some there. */
  #isLogStale: boolean | null = null;

  constructor(orm: MikroORM, table: SaltTable) {
    this.#orm = orm;
    this.#connection = sqliteConnection(orm);
    this.#table = table;
  }

  /** @inheritdoc */
  claim(day: string, proposal: string, signal: AbortSignal): Promise<string> {
    const name = quote(this.#table.name);
    return this.#use(signal, (database) => {
      const find = (): unknown => firstValue(database, `select salt from ${name} where day = ?`, [day]);
      const insert = `insert into ${name} (day, salt) values (?, ?) on conflict (day) do nothing`;
      if (find() === undefined) database.prepare(insert).run(day, proposal);
      return String(find());
    });
  }

  /** @inheritdoc */
  deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    const name = quote(this.#table.name);
    return this.#use(signal, (database) => {
      const old = Number(firstValue(database, `select count(*) from ${name} where day < ?`, [day]));
      // A process that was killed may have left deleted salts in the log.
      this.#isLogStale ??= true;
      if (old > 0) {
        this.#isLogStale = true;
        // SQLite leaves deleted rows in the file until something is written over them, unless it is told to overwrite them.
        const before = Number(firstValue(database, 'pragma secure_delete'));
        firstValue(database, 'pragma secure_delete = 1');
        try {
          database.prepare(`delete from ${name} where day < ?`).run(day);
        } finally {
          firstValue(database, `pragma secure_delete = ${before}`);
        }
      }
      return old;
    });
  }

  async #use<Value>(signal: AbortSignal, action: (database: NativeDatabase) => Value): Promise<Value> {
    const { name, isOwn } = this.#table;
    try {
      const database = await this.#connection.getNativeClient();
      const client = this.#connection.getClient();
      return await client.connection().execute(async () => {
        await writeThreads.get(this.#orm)?.idle();
        // The locks may have taken long to get, and the action may no longer be waited for.
        signal.throwIfAborted();
        const value = withoutWaiting(database, () => {
          if (isOwn) database.exec(`create table if not exists ${quote(name)} (${COLUMNS})`);
          return action(database);
        });
        if (this.#isLogStale === true) this.#isLogStale = !(await emptyLogOf(this.#orm, database));
        return value;
      });
    } catch (error) {
      throw saltError(error, this.#table, isSetup(conditionOf(error)));
    }
  }
}
