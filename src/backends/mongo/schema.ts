import { inspect } from 'node:util';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { IndexedField } from '../mikro-orm/connect-options.js';
import { isForbidden, storageError } from './errors.js';
import { type NativeCollection, collectionOf } from './native-collection.js';
import { fieldName } from './usage-document.js';
import { acknowledged } from './writer.js';

/** The keys of the index that pages are read by. */
const KEYS = { date: 1, _id: 1 } as const;

/** Codes of a server that has an index with these keys under another name, or another index under its name. */
const THERE_ALREADY: ReadonlySet<unknown> = new Set([85, 86]);

/** Options of an index that keep it from queries such as ours. */
const USELESS_WITH = ['partialFilterExpression', 'collation', 'hidden'] as const;

/** Code of a server that does not know the collection. */
const NO_COLLECTION = 26;

/**
 * Makes the collection with the index that pages are read by, as MikroORM's `ensureIndexes` does, or with one for a filter.
 * Several processes may do so at once.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the user may not, it is not a collection, or another index is in the way
 */
export async function ensureIndex(orm: MikroORM, name: string, field?: IndexedField): Promise<void> {
  const collection = collectionOf(orm.em, 'write', name);
  const wanted = { ...(field && { [fieldName(field)]: 1 as const }), ...KEYS };
  try {
    await collection.createIndex(wanted, acknowledged(collection));
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown };
    if (!THERE_ALREADY.has(code)) throw isForbidden(code) ? storageError(error, name) : error;
    if (await hasIndex(collection, wanted)) return;
    const keys = inspect(wanted);
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The collection '${name}' cannot be given the index ${keys} that pages are read by: ${message}. ` +
        'Drop the index that is in the way, or make this one under a name of its own: ' +
        `db.getCollection('${name}').createIndex(${keys}, { name: 'usage_by_${Object.keys(wanted)[0]}' }).`,
      error,
    );
  }
}

/** Whether there is an index with these keys, in their order, that serves our queries under any name. */
async function hasIndex(collection: NativeCollection, wanted: object): Promise<boolean> {
  const indexes = (await collection.indexes()) as Record<string, unknown>[];
  const keys = JSON.stringify(wanted);
  return indexes.some(
    (index) => JSON.stringify(index['key']) === keys && !USELESS_WITH.some((option) => option in index),
  );
}

/**
 * Checks that the collection is there and may be read, and makes nothing.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if it cannot be read, with what to do; any other error is the connection's
 */
export async function checkReadable(orm: MikroORM, name: string): Promise<void> {
  const collection = collectionOf(orm.em, 'read', name);
  try {
    const found = await collection.find({}, { limit: 1, raw: false }).toArray();
    // The documents of a missing collection are read without an error. Its indexes are not, but a user may have no right to them.
    if (found.length === 0) await collection.indexes().catch(unlessMissing);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown };
    if (code !== NO_COLLECTION && !isForbidden(code)) throw error;
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The collection '${name}' cannot be read: ${message}. None is made here. Check the names of the database ` +
        "and the collection, that an application has written there, and that the user has the role 'read' on the database.",
      error,
    );
  }
}

function unlessMissing(error: unknown): void {
  if ((error as { code?: unknown }).code === NO_COLLECTION) throw error;
}
