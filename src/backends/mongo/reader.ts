import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { ResolvedUsageCountQuery, ResolvedUsagePageQuery } from '../../storage/usage-query.js';
import type { NativeCollection } from './native-collection.js';
import { type UsageDocument, fieldName, recordOf } from './usage-document.js';

/** What records are read from, and in whose transaction. */
export interface ReadSource {
  readonly collection: NativeCollection;
  /** The session of MikroORM's transaction; `undefined` if there is none. */
  readonly session: unknown;
}

/** Values as JavaScript has them, whatever the application's client is told to make of BSON. */
const PLAIN_VALUES = { promoteLongs: true, promoteValues: true, useBigInt64: false, raw: false };

const DATE = fieldName('date');
const ID = fieldName('id');
const NEWEST_FIRST = { [DATE]: -1, [ID]: -1 };

/** Finds records, newest first, those of the same millisecond by descending id. */
export async function findRecords(
  { collection, session }: ReadSource,
  query: ResolvedUsagePageQuery,
  skip = 0,
): Promise<UsageRecord[]> {
  const { after, limit } = query;
  const filter = after === null ? filterOf(query) : filterAfter(after, query);
  const options = { ...PLAIN_VALUES, ...inSession(session), sort: NEWEST_FIRST, limit, skip };
  const documents = await collection.find(filter, options).toArray();
  return documents.map((document) => recordOf(document as UsageDocument));
}

/** Counts records. */
export async function countRecords(
  { collection, session }: ReadSource,
  query: ResolvedUsageCountQuery,
): Promise<number> {
  return collection.countDocuments(filterOf(query), inSession(session));
}

/** The filter of a checked query. */
function filterOf({ startDate, endDate, filters }: ResolvedUsageCountQuery): object {
  const date = { ...(startDate && { $gte: startDate }), ...(endDate && { $lt: endDate }) };
  return { ...(startDate === null && endDate === null ? {} : { [DATE]: date }), ...equal(filters) };
}

/** The filter of a checked query for what comes after a position, which is never behind its `endDate`. */
function filterAfter({ date, id }: UsagePosition, { startDate, filters }: ResolvedUsageCountQuery): object {
  return {
    [DATE]: { ...(startDate && { $gte: startDate }), $lte: date },
    $or: [{ [DATE]: { $lt: date } }, { [ID]: { $lt: id } }],
    ...equal(filters),
  };
}

/** The values of a checked query are scalars; said in full, they cannot be anything else. */
function equal(filters: ResolvedUsageCountQuery['filters']): object {
  return Object.fromEntries([...filters].map(([name, value]) => [fieldName(name), { $eq: value }]));
}

function inSession(session: unknown): object {
  return session === undefined ? {} : { session };
}
