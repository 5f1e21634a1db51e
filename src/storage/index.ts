export { JSON_LIMITS, TEXT_LIMITS } from '../record/limits.js';
export type { SaltStore } from './salt-store.js';
export type { UsagePosition } from './usage-cursor.js';
export { type UsagePage, streamUsagePages, usagePageOf } from './usage-page.js';
export {
  type ResolvedUsageCountQuery,
  type ResolvedUsagePageQuery,
  type ResolvedUsageQuery,
  type ResolvedUsageStreamQuery,
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  type UsageStreamQuery,
  checkDeletion,
  isSelected,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
  resolveUsageStreamQuery,
} from './usage-query.js';
export type { FilterValue, StatusFilter, UsageFilter } from './usage-filters.js';
export type { UsageReader } from './usage-reader.js';
export type { SummaryRow, SummaryRowKind, SummaryRowQuery, SummaryStore } from './summary-store.js';
export type { SummaryQuery, SummaryReader, UsageSummary } from './usage-summary.js';
export type {
  ReadableUsageStorage,
  RefusedRecord,
  ServiceBinding,
  StorageSummaries,
  StoreResult,
  UsageStorage,
} from './usage-storage.js';
