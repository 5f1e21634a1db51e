export { assertInventory, writeInventory, writeRoutes } from './build-files.js';
export { makeRecord, makeRecords } from './contract/records.js';
export { storageContract } from './contract/storage-contract.js';
export type { OpenStorage, StorageCheck, StorageOffer, StorageSubject } from './contract/subject.js';
export { ManualClock } from './manual-clock.js';
export { MemoryStorage, type MemoryStorageOptions } from './memory-storage.js';
