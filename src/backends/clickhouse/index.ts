export { ClickHouseStorage } from './clickhouse-storage.js';
export type { NativeClient } from './connection.js';
export type { ClickHouseStorageNaming, ClickHouseStorageOptions } from './options.js';
export type { ClickHouseReader } from './reader.js';
export { clickHouseTables } from './tables.js';
