import { setTimeout as pause } from 'node:timers/promises';
import { type MikroORM, TableNotFoundException, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { AbstractSqlConnection, Kysely } from '@mikro-orm/sql';
import type { SaltStore } from '../../storage/salt-store.js';
import { isSetup } from '../base/database-error.js';
import type { SqlDialect } from './dialect.js';
import { convert } from './errors.js';
import { inTransaction } from './kysely.js';
import { SALT_COLUMNS, type SaltTable, type UsageSaltRow, saltError } from './salt-table.js';

/** MikroORM's Kysely, or a transaction of it. */
type Client = Kysely<Record<string, UsageSaltRow>>;

/** How often the table is looked for while another process seems to make it. */
const LOOKS = 10;
const PAUSE_MS = 100;

/**
 * Salts in every SQL that MikroORM has a driver for, by its Kysely: MikroORM itself would log the statements with their
 * values, where the application has it log statements. Each statement is a transaction of its own: it sees the salts of other
 * processes, they see its salts, and the application's transactions are left alone.
 */
export class KyselySalts implements SaltStore {
  readonly #orm: MikroORM;
  readonly #table: SaltTable;
  readonly #conditionOf: SqlDialect['conditionOf'];

  constructor(orm: MikroORM, table: SaltTable, { conditionOf }: Pick<SqlDialect, 'conditionOf'>) {
    this.#orm = orm;
    this.#table = table;
    this.#conditionOf = conditionOf;
  }

  /** @inheritdoc */
  claim(day: string, proposal: string, signal: AbortSignal): Promise<string> {
    return this.#use(async () => {
      const known = await this.#find(day, signal);
      if (known !== null) return known;
      await this.#insert(day, proposal, signal);
      const kept = await this.#find(day, signal);
      if (kept === null) throw new Error(`the salt of ${day} was deleted as soon as it was kept`);
      return kept;
    });
  }

  /** @inheritdoc */
  deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    return this.#use(async () => {
      const { numDeletedRows } = await this.#begin(signal, (db) =>
        db.deleteFrom(this.#table.name).where('day', '<', day).executeTakeFirstOrThrow(),
      );
      return Number(numDeletedRows);
    });
  }

  async #use<Value>(action: () => Promise<Value>): Promise<Value> {
    try {
      return await this.#makeIfMissing(action);
    } catch (error) {
      const condition = this.#conditionOf(convert(this.#orm, error), this.#orm, this.#table);
      throw saltError(error, this.#table, this.#isMissing(error) || isSetup(condition));
    }
  }

  /**
   * Does something with the table, which is made first if it is ours and missing. Not every engine has «create if not exists»,
   * and in those that have it two processes may still collide: the process that comes second fails, and looks again.
   */
  async #makeIfMissing<Value>(action: () => Promise<Value>): Promise<Value> {
    let failure: unknown = null;
    for (let look = 1; ; look += 1) {
      try {
        return await action();
      } catch (error) {
        if (!this.#table.isOwn || !this.#isMissing(error)) throw error;
        if (look === LOOKS) throw failure ?? error;
      }
      if (failure !== null) await pause(PAUSE_MS);
      failure = await this.#make().catch((error: unknown) => error);
    }
  }

  async #find(day: string, signal: AbortSignal): Promise<string | null> {
    const [row] = await this.#begin(signal, (db) =>
      db.selectFrom(this.#table.name).select('salt').where('day', '=', day).execute(),
    );
    return row?.salt ?? null;
  }

  /** Another process may have been faster. */
  async #insert(day: string, salt: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#begin(signal, (db) => db.insertInto(this.#table.name).values({ day, salt }).execute());
    } catch (error) {
      if (!(convert(this.#orm, error) instanceof UniqueConstraintViolationException)) throw error;
    }
  }

  async #make(): Promise<void> {
    const connection = this.#orm.em.getConnection('write') as AbstractSqlConnection;
    await this.#inSchema(connection.getClient())
      .schema.createTable(this.#table.name)
      .addColumn('day', SALT_COLUMNS.day, (column) => column.primaryKey())
      .addColumn('salt', SALT_COLUMNS.salt, (column) => column.notNull())
      .execute();
  }

  #begin<Value>(signal: AbortSignal, action: (db: Client) => Promise<Value>): Promise<Value> {
    return inTransaction(this.#orm, signal, (transaction: Client) => action(this.#inSchema(transaction)));
  }

  #inSchema(client: Client): Client {
    const { schema } = this.#table;
    return schema === null ? client : client.withSchema(schema);
  }

  #isMissing(error: unknown): boolean {
    return convert(this.#orm, error) instanceof TableNotFoundException;
  }
}
