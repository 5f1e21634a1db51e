import type { Token } from 'typedi';
import { sharedToken } from './shared-token.js';
import type { UsageStorage } from './usage-storage.js';

/**
 * Where the tracker looks for its storage in the TypeDI container: one storage, or a list of them.
 *
 * ```ts
 * Container.set(StorageToken, await SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db' }));
 * ```
 */
export const StorageToken: Token<UsageStorage | readonly UsageStorage[]> = sharedToken('StorageToken');
