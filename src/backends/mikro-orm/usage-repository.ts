import { type EntityData, type EntityManager, EntityRepository, type FilterQuery } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import { type UsagePage, streamUsagePages, usagePageOf } from '../../storage/usage-page.js';
import {
  type ResolvedUsageCountQuery,
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  type UsageStreamQuery,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
} from '../../storage/usage-query.js';
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
export class UsageRepository extends EntityRepository<UsageRow> {
  /**
   * Reads records, newest first, those of the same millisecond by descending id.
   *
   * @param query - bounds, page and filters; without them the 500 newest records
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
   */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { limit, offset, ...selection } = resolveUsageQuery(query);
    return this.#find(conditions(selection), limit, offset);
  }

  /**
   * Reads records in the same order, page after page by a cursor, which costs the same however deep the page is.
   *
   * @param query - bounds, filters, limit, and the `nextCursor` of the page before
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable, or the cursor is not one of this query
   */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    const where = resolved.after === null ? conditions(resolved) : conditionsAfter(resolved.after, resolved);
    return usagePageOf(await this.#find(where, resolved.limit + 1), resolved);
  }

  /**
   * Counts records. For MikroORM's own count with operators, write `em.count(Usage, …)`.
   *
   * @param query - bounds and filters; without them all records
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
   */
  override count(query?: UsageCountQuery): Promise<number>;
  /** Uncallable overload that keeps the class assignable to `EntityRepository`. */
  override count(query: never): Promise<never>;
  override async count(query?: UsageCountQuery): Promise<number> {
    const where = conditions(resolveUsageCountQuery(query));
    const em = this.getEntityManager();
    return em
      .getDriver()
      .count<UsageRow>(this.entityName, this.#adapt(where), { ctx: em.getTransactionContext() });
  }

  /**
   * Goes through any number of records in the same order, holding a few of them at a time. For MikroORM's own
   * stream of entities, write `em.stream(Usage, …)`.
   *
   * @param query - bounds, filters, and how many records are read at a time
   * @throws {TrackUsageError} `INVALID_QUERY` when it is called, if the query is not usable
   */
  override stream(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord>;
  /** Uncallable overload that keeps the class assignable to `EntityRepository`. */
  override stream(query: never): AsyncIterableIterator<never>;
  override stream(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
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

  #adapt(where: FilterQuery<UsageRow>): FilterQuery<UsageRow> {
    const em = this.getEntityManager();
    return databaseConditions(where, em.getMetadata(this.entityName), em.getPlatform());
  }

  async #find(where: FilterQuery<UsageRow>, limit: number, offset?: number): Promise<UsageRecord[]> {
    const em = this.getEntityManager();
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const rows = await em.getDriver().find<UsageRow>(this.entityName, this.#adapt(where), {
      orderBy: [{ date: 'desc' }, { id: 'desc' }],
      limit,
      ...(offset !== undefined && { offset }),
      ctx: em.getTransactionContext(),
    });
    return rows.map((row: EntityData<UsageRow>) => recordOfRow(row as UsageRow));
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
