import { type EntityData, type EntityManager, EntityRepository, type FilterQuery } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
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
import { databaseConditions } from './database-conditions.js';
import { LATEST } from './mysql-column-types.js';
import { storageClosed } from './operations.js';
import { type UsageRow, recordOfRow } from './usage-row.js';

/** Repositories of connections that storages have closed, with the names of these. */
const CLOSED = new WeakMap<UsageRepository, string>();

/**
 * Lets a repository refuse from now on. Controllers may outlive the storage whose repository they were given, and
 * MikroORM would open the connection again, which nobody would close.
 *
 * @param storage - the name of the storage whose connection it was
 */
export function closeRepository(repository: UsageRepository, storage: string): void {
  CLOSED.set(repository, storage);
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

  /**
   * The entity manager that all methods go through.
   *
   * @throws {TrackUsageError} `STORAGE_CLOSED` if the connection was a storage's own, and is closed
   */
  override getEntityManager(): EntityManager {
    const storage = CLOSED.get(this);
    if (storage !== undefined) throw storageClosed(storage);
    return super.getEntityManager();
  }

  /** Finds the records that a checked query means, in its order. */
  protected async findRecords(query: ResolvedUsagePageQuery, offset?: number): Promise<UsageRecord[]> {
    const { after, limit } = query;
    const em = this.getEntityManager();
    const driver = em.getDriver();
    const meant = after === null ? conditions(query) : conditionsAfter(after, query);
    const where = databaseConditions(driver, this.entityName, meant);
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const rows = await driver.find<UsageRow>(this.entityName, where, {
      orderBy: [{ date: 'desc' }, { id: 'desc' }],
      limit,
      ...(offset !== undefined && { offset }),
      ctx: em.getTransactionContext(),
    });
    return rows.map((row: EntityData<UsageRow>) => recordOfRow(row as UsageRow));
  }

  /** Counts the records that a checked query means. */
  protected async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    const em = this.getEntityManager();
    const driver = em.getDriver();
    const where = databaseConditions(driver, this.entityName, conditions(query));
    return driver.count<UsageRow>(this.entityName, where, { ctx: em.getTransactionContext() });
  }
}

function conditions({ startDate, endDate, filters }: ResolvedUsageCountQuery): FilterQuery<UsageRow> {
  // What is beyond the dates that a database knows is none of its bounds.
  const end = endDate && endDate.getTime() > LATEST ? null : endDate;
  const date = { ...(startDate && { $gte: startDate }), ...(end && { $lt: end }) };
  return { ...(startDate || end ? { date } : {}), ...Object.fromEntries(filters) };
}

/**
 * The cursor's date takes the place of `endDate`, which is never before it: SQLite seeks on the first bound that it
 * finds, and would walk there from `endDate` through all the pages before.
 *
 * Ids are compared by the database. They are lower-case UUIDs, which every collation orders alike.
 */
function conditionsAfter(
  { date, id }: UsagePosition,
  { startDate, filters }: ResolvedUsageCountQuery,
): FilterQuery<UsageRow> {
  return {
    date: { ...(startDate && { $gte: startDate }), $lte: date },
    $or: [{ date: { $lt: date } }, { id: { $lt: id } }],
    ...Object.fromEntries(filters),
  };
}
