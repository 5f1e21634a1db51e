import { type EntityData, EntityRepository, type ObjectQuery } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import {
  type FilterValue,
  type StatusFilter,
  type UsageFilter,
  classBounds,
} from '../../storage/usage-filters.js';
import { type UsagePage, streamUsagePages, usagePageOf } from '../../storage/usage-page.js';
import {
  type ResolvedUsageCountQuery,
  type ResolvedUsagePageQuery,
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  type UsageStreamQuery,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
} from '../../storage/usage-query.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import { convertedWhere } from './converted-where.js';
import { LATEST } from './mysql-column-types.js';
import { assertOpen, storageClosed } from './operations.js';
import { type UsageRow, recordOfRow } from './usage-row.js';

/**
 * Has a repository throw `STORAGE_CLOSED` from now on: all its methods ask for the entity manager first. A controller may
 * outlive the storage whose repository it was given, and MikroORM would open the connection again, which nobody would close.
 *
 * @param storage - the name of the storage that owned the connection
 */
export function closeRepository(repository: UsageRepository, storage: string): void {
  repository.getEntityManager = () => {
    throw storageClosed(storage);
  };
}

/**
 * The MikroORM repository of usage records. Ask TypeDI for it in a controller's constructor, or MikroORM with
 * `orm.em.getRepository(Usage)`.
 */
export class UsageRepository extends EntityRepository<UsageRow> implements UsageReader {
  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { offset, ...selection } = resolveUsageQuery(query);
    return this.findRecords({ ...selection, after: null }, offset);
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    return usagePageOf(await this.findRecords({ ...resolved, limit: resolved.limit + 1 }), resolved);
  }

  /** @inheritdoc */
  async countUsage(query?: UsageCountQuery): Promise<number> {
    return this.countRecords(resolveUsageCountQuery(query));
  }

  /** @inheritdoc */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** Finds the records of a checked query, newest first. */
  protected async findRecords(query: ResolvedUsagePageQuery, offset?: number): Promise<UsageRecord[]> {
    const em = this.getEntityManager();
    assertOpen(em);
    const driver = em.getDriver();
    const where = convertedWhere(driver, this.entityName, whereOf(query, query.after));
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const rows = await driver.find<UsageRow>(this.entityName, where, {
      orderBy: [{ date: 'desc' }, { id: 'desc' }],
      limit: query.limit,
      ...(offset !== undefined && { offset }),
      ctx: em.getTransactionContext(),
    });
    return rows.map((row: EntityData<UsageRow>) => recordOfRow(row as UsageRow));
  }

  /** Counts the records of a checked query. */
  protected async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    const em = this.getEntityManager();
    assertOpen(em);
    const driver = em.getDriver();
    const where = convertedWhere(driver, this.entityName, whereOf(query));
    return driver.count<UsageRow>(this.entityName, where, { ctx: em.getTransactionContext() });
  }
}

/**
 * The filter of a checked query, for MikroORM.
 *
 * The date of the position takes the place of `endDate`, which is never before it: SQLite seeks on the first bound that
 * it finds, and would walk from `endDate` through all the pages before.
 *
 * Ids are compared by the database. They are lower-case UUIDs, which every collation orders alike.
 *
 * @param after - the position that the records come after
 */
export function whereOf(
  { startDate, endDate, filters }: ResolvedUsageCountQuery,
  after: UsagePosition | null = null,
): ObjectQuery<UsageRow> {
  // Databases cannot compare with a date later than the last that they know.
  const hasEnd = endDate !== null && endDate.getTime() <= LATEST;
  const end = after === null ? hasEnd && { $lt: endDate } : { $lte: after.date };
  return {
    ...((startDate || end) && { date: { ...(startDate && { $gte: startDate }), ...end } }),
    ...(after && { $or: [{ date: { $lt: after.date } }, { id: { $lt: after.id } }] }),
    ...Object.assign({}, ...[...filters].map(conditionOf)),
  };
}

/** The condition of a filter. A class of statuses is a range, which an index can find. */
function conditionOf([name, value]: readonly [UsageFilter, FilterValue]): object {
  if (Array.isArray(value))
    return { $and: [{ $or: value.map((one: StatusFilter) => conditionOf([name, one])) }] };
  const bounds = classBounds(name, value);
  return { [name]: bounds === null ? value : { $gte: bounds[0], $lt: bounds[1] } };
}
