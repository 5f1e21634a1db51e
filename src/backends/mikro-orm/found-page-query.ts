import type { ColumnProperty } from '../../record/columns.js';
import type { ResolvedUsagePageQuery } from '../../storage/usage-query.js';

/** What is read of records. */
export interface Columns {
  /** All else is missing from the records. @default null, the whole of them */
  readonly columns?: readonly ColumnProperty[] | null;
}

/** A checked query for whole records, or for some columns. */
export interface FoundPageQuery extends ResolvedUsagePageQuery, Columns {}
