import { type FilterQuery, type IDatabaseDriver, type MikroORM, type Transaction } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { databaseConditions } from '../../mikro-orm/database-conditions.js';
import { type DeletionSteps, OldestRecords } from '../../mikro-orm/oldest-records.js';
import type { UsageRow } from '../../mikro-orm/usage-row.js';
import { type Condition, deletionError } from '../../mikro-orm/database-error.js';
import { convert } from '../errors.js';
import type { SqlDeleter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';

/**
 * Deletes through MikroORM's driver alone, in whatever SQL that speaks, and outside the application's transactions. What
 * is deleted together is one statement, in a transaction of its own for sessions that do not commit by themselves.
 */
export class PortableDeleter implements SqlDeleter {
  readonly #driver: IDatabaseDriver;
  readonly #table: UsageTable;
  readonly #conditionOf: (error: unknown) => Condition;
  readonly #oldest: OldestRecords;

  /** @param conditionOf - what an error means in the dialect of the database */
  constructor(orm: MikroORM, table: UsageTable, conditionOf: (error: unknown) => Condition) {
    this.#driver = orm.em.getDriver();
    this.#table = table;
    this.#conditionOf = conditionOf;
    const steps: DeletionSteps = {
      find: (date, limit) => this.#find(date, limit),
      delete: (ids, signal) => this.#deleteAll(ids, signal),
    };
    this.#oldest = new OldestRecords(steps);
  }

  /** @inheritdoc */
  async delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    try {
      return await this.#oldest.delete(date, limit, signal);
    } catch (thrown) {
      const error = convert(this.#driver, thrown);
      throw deletionError(error, this.#conditionOf(error), `table '${this.#table.name}'`);
    }
  }

  async #find(date: Date, limit: number): Promise<string[]> {
    const rows = await this.#driver.find<UsageRow, never, keyof UsageRow>(
      this.#table.entity.class,
      this.#adapt({ date: { $lt: date } }),
      { fields: ['id'], orderBy: [{ date: 'asc' }, { id: 'asc' }], limit, connectionType: 'write' },
    );
    return rows.map(({ id }) => id as string);
  }

  async #deleteAll(ids: readonly string[], signal: AbortSignal): Promise<number> {
    const connection = this.#driver.getConnection('write') as AbstractSqlConnection;
    await connection.ensureConnection();
    const begin = connection.getClient().transaction();
    return begin.execute(async (transaction: Transaction) => {
      // The connection may have been long in coming, and nobody may be waiting any more.
      signal.throwIfAborted();
      const where = this.#adapt({ id: { $in: [...ids] } });
      const { affectedRows } = await this.#driver.nativeDelete(this.#table.entity.class, where, {
        ctx: transaction,
      });
      return affectedRows;
    });
  }

  #adapt(where: FilterQuery<UsageRow>): FilterQuery<UsageRow> {
    return databaseConditions(where, this.#table.entity, this.#driver.getPlatform());
  }
}
