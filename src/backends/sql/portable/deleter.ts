import type { IDatabaseDriver, MikroORM, Transaction } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { databaseConditions } from '../../mikro-orm/database-conditions.js';
import { OldestRecords } from '../../mikro-orm/oldest-records.js';
import type { UsageRow } from '../../mikro-orm/usage-row.js';
import type { SqlDeleter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';

/**
 * Deletes through MikroORM's driver alone, in whatever SQL that speaks, and outside the application's transactions. What
 * is deleted together is one statement, in a transaction of its own for sessions that do not commit by themselves.
 */
export class PortableDeleter extends OldestRecords implements SqlDeleter {
  readonly #driver: IDatabaseDriver;
  readonly #table: UsageTable;

  constructor(orm: MikroORM, table: UsageTable) {
    super();
    this.#driver = orm.em.getDriver();
    this.#table = table;
  }

  /** @inheritdoc */
  protected override async find(date: Date, limit: number): Promise<string[]> {
    const rows = await this.#driver.find<UsageRow, never, keyof UsageRow>(
      this.#table.entity.class,
      databaseConditions(this.#driver, this.#table.entity.class, { date: { $lt: date } }),
      { fields: ['id'], orderBy: [{ date: 'asc' }, { id: 'asc' }], limit, connectionType: 'write' },
    );
    return rows.map(({ id }) => id as string);
  }

  /** @inheritdoc */
  protected override async deleteAll(ids: readonly string[], signal: AbortSignal): Promise<number> {
    const connection = this.#driver.getConnection('write') as AbstractSqlConnection;
    await connection.ensureConnection();
    const begin = connection.getClient().transaction();
    return begin.execute(async (transaction: Transaction) => {
      // The connection may have been long in coming, and nobody may be waiting any more.
      signal.throwIfAborted();
      const entity = this.#table.entity.class;
      const where = databaseConditions(this.#driver, entity, { id: { $in: [...ids] } });
      const { affectedRows } = await this.#driver.nativeDelete(entity, where, { ctx: transaction });
      return affectedRows;
    });
  }
}
