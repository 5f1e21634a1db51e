export { ManualClock } from './manual-clock.js';
export { MemoryStorage, type MemoryStorageOptions } from './memory-storage.js';
