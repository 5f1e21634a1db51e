import type { ColumnProperty } from '../../record/columns.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { ResolvedUsageCountQuery, ResolvedUsagePageQuery } from '../../storage/usage-query.js';

/** What is read of records. */
export interface Columns {
  /** All else is missing from the records. @default null, the whole of them */
  readonly columns?: readonly ColumnProperty[] | null;
}

/** A checked query for whole records, or for some columns. */
export interface FoundPageQuery extends ResolvedUsagePageQuery, Columns {}

/** Some of a query's records: those behind the position `after`, as far as `until` and with it. */
export interface Part extends ResolvedUsageCountQuery, Columns {
  readonly after?: UsagePosition | null;
  readonly until?: UsagePosition | null;
  readonly limit?: number;
  readonly offset?: number;
}
