import { Container, Token } from 'typedi';
import type { UsageReader } from './usage-reader.js';
import type { UsageStorage } from './usage-storage.js';

/**
 * A token of this name for TypeDI, which compares tokens by identity: two installed copies of this package have to share
 * one.
 */
export function sharedToken<Value>(name: string): Token<Value> {
  const key = Symbol.for(`koa-track-usage.${name}`);
  const holder = globalThis as { [key]?: Token<Value> };
  return (holder[key] ??= new Token(`koa-track-usage ${name}`));
}

/**
 * Where the tracker looks for its storage in the TypeDI container: one storage, or a list of them.
 *
 * ```ts
 * Container.set(StorageToken, await SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db' }));
 * ```
 */
export const StorageToken: Token<UsageStorage | readonly UsageStorage[]> = sharedToken('StorageToken');

/** The part of a TypeDI container that is asked for storages. */
interface StorageHolder {
  has(id: Token<unknown>): boolean;
  getMany<Value>(id: Token<Value>): Value[];
}

/** What a container holds under {@link StorageToken}, else the global one: whatever the application has put there. */
export function heldStorages(container: StorageHolder): unknown[] {
  // A child container does not see the values of the global one, whatever TypeDI's `get` promises.
  const holder = [container, Container as StorageHolder].find((candidate) => candidate.has(StorageToken));
  return holder?.getMany(StorageToken).flat() ?? [];
}

/**
 * The token by which TypeDI hands out a reader of the records: that of the tracker's first readable storage, unless the
 * application has put a reader of its own there.
 *
 * ```ts
 * constructor(@Inject(UsageReaderToken) private readonly usage: UsageReader) {}
 * ```
 */
export const UsageReaderToken: Token<UsageReader> = sharedToken('UsageReaderToken');
