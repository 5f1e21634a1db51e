export type { UsageRow } from '../base/usage-row.js';
export type { UsageEntity } from '../mikro-orm/usage-entity.js';
export { UsageRepository } from '../mikro-orm/usage-repository.js';
export type { MongoStorageNaming } from './collection-storage.js';
export type { MongoStorageOptions } from './connect-options.js';
export { MongoPiggybackStorage } from './mongo-piggyback-storage.js';
export { MongoStorage } from './mongo-storage.js';
export type { NativeCollection } from './native-collection.js';
export { Usage, defineUsage } from './usage-entity.js';
