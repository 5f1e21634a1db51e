import type { MikroORM } from '@mikro-orm/core';
import { storageError } from './errors.js';
import { collectionOf } from './native-collection.js';
import { fieldName } from './usage-document.js';

/** An index with these keys is there under another name, or another one under its name. */
const THERE_ALREADY: ReadonlySet<unknown> = new Set([85, 86]);

/** Codes of a server that could be asked, but does not do it for this user or in this place. */
const FORBIDDEN: ReadonlySet<unknown> = new Set([13, 20, 72, 73, 115, 166]);

/**
 * Makes the collection with the index that pages are read by, as MikroORM's `ensureIndexes` does. Several processes may
 * do so at once.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the user may not, or it is no collection
 */
export async function ensureIndex(orm: MikroORM, name: string): Promise<void> {
  const collection = await collectionOf(orm.em, 'write', name);
  try {
    await collection.createIndex({ [fieldName('date')]: 1, [fieldName('id')]: 1 });
  } catch (error) {
    const code: unknown = (error as { code?: unknown }).code;
    if (THERE_ALREADY.has(code)) return;
    throw FORBIDDEN.has(code) ? storageError(error, name) : error;
  }
}
