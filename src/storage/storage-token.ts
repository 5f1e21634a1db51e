import { Token } from 'typedi';
import type { UsageStorage } from './usage-storage.js';
const SHARED = Symbol.for('koa-track-usage.storage-token');

/**
 * Where the tracker looks for its storage in the TypeDI container: one storage, or a list of them.
 *
 * ```ts
 * Container.set(StorageToken, await SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db' }));
 * ```
 */
export const StorageToken: Token<UsageStorage | readonly UsageStorage[]> = sharedToken();

/** TypeDI compares tokens by identity, so two installed copies of this package have to share one. */
function sharedToken(): Token<UsageStorage | readonly UsageStorage[]> {
  const holder = globalThis as { [SHARED]?: Token<UsageStorage | readonly UsageStorage[]> };
  return (holder[SHARED] ??= new Token('koa-track-usage StorageToken'));
}
