export { Usage, defineUsage } from '../usage-entity.js';
export { UsageRepository } from '../usage-repository.js';
export { SqlStorage, type SqlStorageNaming, type SqlStorageOptions } from './sql-storage.js';
