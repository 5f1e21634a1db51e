export { type CliConfig, type StorageNeed, defineConfig } from './source/config.js';
