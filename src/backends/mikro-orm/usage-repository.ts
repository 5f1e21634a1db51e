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
    const where = this.#adapt(after === null ? conditions(query) : conditionsAfter(after, query));
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const rows = await em.getDriver().find<UsageRow>(this.entityName, where, {
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
    const where = this.#adapt(conditions(query));
    return em.getDriver().count<UsageRow>(this.entityName, where, { ctx: em.getTransactionContext() });
  }

  #adapt(where: FilterQuery<UsageRow>): FilterQuery<UsageRow> {
    const em = this.getEntityManager();
    return databaseConditions(where, em.getMetadata(this.entityName), em.getPlatform());
  }
}

function conditions({ startDate, endDate, filters }: ResolvedUsageCountQuery): FilterQuery<UsageRow> {
  const start = startDate && startDate < EARLIEST ? null : within(startDate);
  const end = endDate && endDate > LATEST ? null : within(endDate);
  const date = { ...(start && { $gte: start }), ...(end && { $lt: end }) };
  return { ...(start || end ? { date } : {}), ...Object.fromEntries(filters) };
}

/** What every engine can compare a date with. PostgreSQL refuses others, and no request was ever made there. */
const EARLIEST = new Date('0001-01-01T00:00:00.000Z');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

function within(date: Date | null): Date | null {
  return date && new Date(Math.min(Math.max(date.getTime(), EARLIEST.getTime()), LATEST.getTime()));
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
    date: { ...(startDate && { $gte: within(startDate) }), $lte: date },
    $or: [{ date: { $lt: date } }, { id: { $lt: id } }],
    ...Object.fromEntries(filters),
  };
}
