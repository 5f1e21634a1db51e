import type { MikroORM } from '@mikro-orm/core';
import type { SaltStore } from '../../../storage/salt-store.js';
import { isSetup } from '../../mikro-orm/database-error.js';
import { SALT_COLUMNS, type SaltTable, saltError } from '../salt-table.js';
import { emptyLog } from './deletion.js';
import { conditionOf } from './errors.js';
import { quote } from '../identifiers.js';
import {
  type NativeDatabase,
  type SqliteConnection,
  sqliteConnection,
  withoutWaiting,
} from './native-client.js';
import { WriteThread } from './write-thread.js';

/**
 * Salts by the native client, as `SqliteWriter` writes records: Kysely's lock keeps them out of the application's
 * transactions, and they never wait for another connection's lock.
 */
export class SqliteSalts implements SaltStore {
  readonly #orm: MikroORM;
  readonly #connection: SqliteConnection;
  readonly #table: SaltTable;
  /** Whether the log may hold salts that were deleted; null while it is not known what an earlier process left there. */
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
      const find = database.prepare(`select salt from ${name} where day = ?`);
      const insert = `insert into ${name} (day, salt) values (?, ?) on conflict (day) do nothing`;
      if (find.all([day]).length === 0) database.prepare(insert).run([day, proposal]);
      const [row] = find.all([day]);
      return String((row as { salt: unknown }).salt);
    });
  }

  /** @inheritdoc */
  deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    const name = quote(this.#table.name);
    return this.#use(signal, (database) => {
      const [found] = database.prepare(`select count(*) as old from ${name} where day < ?`).all([day]);
      const { old } = found as { old: number };
      // A process that was killed may have left in the log what it deleted.
      this.#isLogStale ??= true;
      if (old > 0) {
        this.#isLogStale = true;
        deleteForGood(database, `delete from ${name} where day < ?`, day);
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
        await WriteThread.of(this.#orm)?.idle();
        // The locks may have taken long to get, and nobody may be waiting any more.
        signal.throwIfAborted();
        const value = withoutWaiting(database, () => {
          if (isOwn) makeTable(database, name);
          return action(database);
        });
        if (this.#isLogStale === true) this.#isLogStale = !(await this.#emptyLog(database));
        return value;
      });
    } catch (error) {
      throw saltError(error, this.#table, isSetup(conditionOf(error)));
    }
  }

  /** In the thread where there is one: it takes some thirty milliseconds, and longer on a slow disk. */
  async #emptyLog(database: NativeDatabase): Promise<boolean> {
    const thread = WriteThread.of(this.#orm);
    if (thread === undefined || !(await thread.start())) {
      return withoutWaiting(database, () => emptyLog(database));
    }
    return thread.perform({ kind: 'empty-log' }).then(
      () => true,
      () => false,
    );
  }
}

function makeTable(database: NativeDatabase, name: string): void {
  const columns = `day ${SALT_COLUMNS.day} primary key not null, salt ${SALT_COLUMNS.salt} not null`;
  database.exec(`create table if not exists ${quote(name)} (${columns})`);
}

/** SQLite leaves what was deleted in the file until something is written over it, unless it is told to do so. */
function deleteForGood(database: NativeDatabase, sql: string, day: string): void {
  const [row] = database.prepare('pragma secure_delete').all();
  const before = Number((row as { secure_delete?: unknown } | undefined)?.secure_delete);
  database.prepare('pragma secure_delete = 1').all();
  try {
    database.prepare(sql).run([day]);
  } finally {
    database.prepare(`pragma secure_delete = ${before}`).all();
  }
}
