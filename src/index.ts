export type { Clock, TimerHandle } from './time/clock.js';
export { Deprecated } from './decorators/deprecated.js';
export { Tracked } from './decorators/tracked.js';
export { TrackedController } from './decorators/tracked-controller.js';
export { Untracked } from './decorators/untracked.js';
export { UntrackedController } from './decorators/untracked-controller.js';
export { TrackUsageError, type TrackUsageErrorCode } from './errors.js';
export type { LocatorStats } from './capture/client/location/address-locator.js';
export type { SkipCounts, SkipReason } from './capture/making/gate.js';
export type { Incomplete } from './capture/making/late-details.js';
export { hashUser } from './capture/client/user/hash-user.js';
export type {
  Inventory,
  InventoryApplication,
  InventoryEntry,
  InventoryPolicy,
  InventoryStorage,
  InventorySummaries,
} from './endpoint/inventory.js';
export { renderInventory } from './endpoint/render-inventory.js';
export type { ListedRoute } from './endpoint/route-list.js';
export { deprecated, tracked, untracked } from './capture/attribution/route-markers.js';
export {
  type TrackedData,
  type UsageDataTracker,
  type UsageDataTypes,
  UsageData,
  track,
} from './capture/usage-data.js';
export type { DataPolicy, IpPolicy, ParameterRule, SampleRate } from './metadata/data-policy.js';
export type { Deprecation, DeprecationOptions } from './metadata/deprecation.js';
export type { DefaultPolicy } from './metadata/policy.js';
export type { GeoOptions } from './options/geo-options.js';
export type { TrustProxy } from './options/address-options.js';
export type { CloseOptions, SignalOptions } from './options/closing-options.js';
export type {
  AttemptOptions,
  BatchOptions,
  QueueOptions,
  RetryOptions,
  SpoolOptions,
} from './options/delivery-options.js';
export type { TrackUsageOptions, UsageContainer, UserReader } from './options/tracker-options.js';
export type { SummariesOptions } from './options/summaries-options.js';
export type { UsageLogger } from './options/surroundings.js';
export type { Duration } from './metadata/duration.js';
export type { RetentionOptions } from './options/retention-options.js';
export type { RespectOptions, SignalResponse, RecordingOptions } from './options/recording-options.js';
export type {
  RecordCounts,
  DropCounts,
  DropReason,
  ErrorSummary,
  Health,
  StorageStats,
  TrackerStats,
} from './pipeline/telling/accounting.js';
export type {
  DropEvent,
  StorageErrorEvent,
  FlushEvent,
  RecoverEvent,
  TrackerEventMap,
  TrackerEventName,
} from './pipeline/telling/events.js';
export type { EndpointDeprecation, EndpointIdentity } from './endpoint/register.js';
export type {
  AnyReport,
  CallFigures,
  CallerCalls,
  CallerReport,
  CallerRow,
  CallersReport,
  DeprecationRow,
  DeprecationsReport,
  EndpointRow,
  EndpointsReport,
  ErrorRow,
  ErrorsReport,
  GoneReport,
  GoneRow,
  RecordsReport,
  RemovalReport,
  RemovalRow,
  ReportBasis,
  StatusReport,
  TrafficReport,
  TrafficRow,
  Verdict,
} from './report/report.js';
export type {
  AskedEndpoint,
  BuiltRoute,
  CallerOptions,
  CallersOptions,
  RemovalOptions,
  ReportOptions,
  TrafficOptions,
  VerdictOptions,
} from './report/report-options.js';
export { renderCsv } from './report/rendering/csv.js';
export { renderJson } from './report/rendering/json.js';
export { renderMarkdown } from './report/rendering/markdown.js';
export { type TableOptions, renderTable } from './report/rendering/table.js';
export { UsageReports } from './report/usage-reports.js';
export type { RebuildProgress } from './summary/rebuild.js';
export { summarizeUsage } from './summary/answer.js';
export { type SummaryDefinition, defineSummary } from './summary/dimensions.js';
export type { FolderStats } from './summary/folder.js';
export type { RetentionStats } from './pipeline/retention/retention.js';
export type { CloseResult } from './pipeline/pipeline.js';
export type { GeoInfo, GeoLookup } from './record/geo-info.js';
export type {
  JsonObject,
  JsonValue,
  UsageRecord,
  UsageRecordDraft,
  UserAgent,
} from './record/usage-record.js';
export {
  PrinterStorage,
  type PrinterFormat,
  type PrinterOptions,
  type PrinterOutput,
} from './backends/printer/printer-storage.js';
export { StorageToken, UsageReaderToken } from './storage/tokens.js';
export type { UsagePage } from './storage/usage-page.js';
export type { UsageCountQuery, UsagePageQuery, UsageQuery, UsageStreamQuery } from './storage/usage-query.js';
export type { UsageReader } from './storage/usage-reader.js';
export {
  type DimensionName,
  type KeyPart,
  type SummaryDimension,
  type SummaryDurations,
  type SummaryFigures,
  type SummaryKeys,
  type SummaryOf,
  type SummaryOptions,
  type SummaryOrder,
  type SummaryPeriod,
  type SummaryQuery,
  type SummaryReader,
  type UsageSummary,
  isSummaryReader,
} from './storage/usage-summary.js';
export type { ErasureReport, UsagePerson } from './storage/usage-person.js';
export type { UsageStorage } from './storage/usage-storage.js';
export type { LineFormatter } from './backends/printer/formats.js';
export { type UsageMiddleware, trackUsage } from './usage-tracker/track-usage.js';
export {
  type RebuildOptions,
  TrackerToken,
  type UsageStats,
  type UsageTracker,
} from './usage-tracker/usage-tracker.js';
