export { Usage, type UsageEntity, defineUsage } from '../usage-entity.js';
export type { UsageRow } from '../usage-row.js';
export { UsageRepository } from '../usage-repository.js';
export { SqlStorage, type SqlStorageNaming, type SqlStorageOptions } from './sql-storage.js';
