import { type EntityData, EntityRepository, type FilterQuery } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import { type ResolvedUsageQuery, type UsageQuery, resolveUsageQuery } from '../usage-query.js';
import { type UsageRow, recordOfRow } from './usage-row.js';

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
    const resolved = resolveUsageQuery(query);
    const em = this.getEntityManager();
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const rows = await em.getDriver().find<UsageRow>(this.entityName, conditions(resolved), {
      orderBy: [{ date: 'desc' }, { id: 'desc' }],
      limit: resolved.limit,
      offset: resolved.offset,
      ctx: em.getTransactionContext(),
    });
    return rows.map((row: EntityData<UsageRow>) => recordOfRow(row as UsageRow));
  }
}

function conditions({ startDate, endDate, filters }: ResolvedUsageQuery): FilterQuery<UsageRow> {
  const date = { ...(startDate && { $gte: startDate }), ...(endDate && { $lt: endDate }) };
  const bounds = startDate === null && endDate === null ? {} : { date };
  return { ...bounds, ...Object.fromEntries(filters) };
}
