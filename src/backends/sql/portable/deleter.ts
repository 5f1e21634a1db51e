import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import { convertedWhere } from '../../mikro-orm/converted-where.js';
import { OldestRecords } from '../../mikro-orm/oldest-records.js';
import type { UsageRow } from '../../base/usage-row.js';
import type { SqlDeleter } from '../dialect.js';
import { inTransaction } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';

/**
 * Deletes through MikroORM's driver alone, in any SQL that it speaks, and outside the application's transactions. Each
 * statement is a transaction of its own.
 */
export class PortableDeleter extends OldestRecords implements SqlDeleter {
  readonly #orm: MikroORM;
  readonly #driver: IDatabaseDriver;
  readonly #table: UsageTable;

  constructor(orm: MikroORM, table: UsageTable) {
    super();
    this.#orm = orm;
    this.#driver = orm.em.getDriver();
    this.#table = table;
  }

  /** @inheritdoc */
  protected override async find(date: Date, limit: number): Promise<string[]> {
    const rows = await this.#driver.find<UsageRow, never, keyof UsageRow>(
      this.#table.entity.class,
      convertedWhere(this.#driver, this.#table.entity.class, { date: { $lt: date } }),
      { fields: ['id'], orderBy: [{ date: 'asc' }, { id: 'asc' }], limit, connectionType: 'write' },
    );
    return rows.map(({ id }) => id as string);
  }

  /** @inheritdoc */
  protected override async deleteAll(ids: readonly string[], signal: AbortSignal): Promise<number> {
    const entity = this.#table.entity.class;
    const where = convertedWhere(this.#driver, entity, { id: { $in: [...ids] } });
    return inTransaction(this.#orm, signal, async (ctx) => {
      const { affectedRows } = await this.#driver.nativeDelete(entity, where, { ctx });
      return affectedRows;
    });
  }
}
