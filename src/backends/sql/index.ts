export { Usage, defineUsage } from './usage-entity.js';
export type { UsageRow } from '../base/usage-row.js';
export type { UsageEntity } from '../mikro-orm/usage-entity.js';
export { UsageRepository } from '../mikro-orm/usage-repository.js';
export { UsageSalt, type UsageSaltRow, defineUsageSalt } from './salt-table.js';
export {
  UsageSummaries,
  type UsageSummaryRow,
  defineUsageSummaries,
  usageEntities,
} from './summary-table.js';
export { usageTables } from './shared-database.js';
export type { SqlStorageNaming, SqlStorageOptions } from './connect-options.js';
export { SqlStorage } from './sql-storage.js';
