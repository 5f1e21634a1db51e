export { Usage, type UsageEntity, defineUsage } from '../usage-entity.js';
export type { UsageRow } from '../usage-row.js';
export { UsageRepository } from '../usage-repository.js';
export { UsageSalt, type UsageSaltRow, defineUsageSalt } from './salt-entity.js';
export type { SqlStorageNaming, SqlStorageOptions } from './connect-options.js';
export { SqlStorage } from './sql-storage.js';
