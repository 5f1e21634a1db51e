import type { ObjectQuery } from '@mikro-orm/core';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import {
  type FilterValue,
  type StatusFilter,
  type UsageFilter,
  classBounds,
} from '../../storage/usage-filters.js';
import type { ResolvedUsageCountQuery } from '../../storage/usage-query.js';
import { LATEST } from './mysql-column-types.js';
import type { UsageRow } from '../base/usage-row.js';

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
