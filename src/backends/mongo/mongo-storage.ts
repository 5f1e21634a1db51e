import { inspect } from 'node:util';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { closeRepository } from '../mikro-orm/close-repository.js';
import { CollectionStorage } from './collection-storage.js';
import { CONNECT, type MongoStorageOptions, resolveConnection } from './connect-options.js';
import { isSetup } from '../base/database-error.js';
import { conditionOf, explainConnect } from './errors.js';
import { partsOfOrm } from './mongo-piggyback-storage.js';
import { checkReadable, ensureIndex } from './schema.js';
import { defineUsage } from './usage-entity.js';

/** Keeps records in a collection of a MongoDB database, through a connection of its own. */
export class MongoStorage extends CollectionStorage {
  readonly #orm: MikroORM;

  private constructor(name: string, isReadOnly: boolean, orm: MikroORM) {
    super(name, isReadOnly, partsOfOrm(orm));
    this.#orm = orm;
  }

  /**
   * Keeps records through a connection of its own, which is closed with the storage. The collection and its indexes are
   * made if they are missing, but for `readOnly`.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if the
   *   server cannot be reached; `STORAGE_SETUP` if it does not let the user in, `@mikro-orm/mongodb` is not installed, the
   *   user may not make the index, or another one is in its way; with `readOnly`, if the collection cannot be read
   */
  static async connect(options: MongoStorageOptions): Promise<MongoStorage> {
    return MongoStorage.#connect(options, true);
  }

  /**
   * Opens a collection that is there, as {@link connect} does, and makes neither a collection nor an index: for tools that delete
   * or sum up what applications have stored.
   *
   * @throws {TrackUsageError} as {@link connect} does; `STORAGE_SETUP` too if the collection is missing
   */
  static async connectToExisting(options: Omit<MongoStorageOptions, 'indexes'>): Promise<MongoStorage> {
    const storage = await MongoStorage.#connect(options, false);
    storage.summaries?.makeNothing();
    return storage;
  }

  static async #connect(options: MongoStorageOptions, mayChange: boolean): Promise<MongoStorage> {
    const { collection, name, isReadOnly, indexes, target, orm: ormOptions } = resolveConnection(options);
    const { MikroORM: MongoOrm } = await importDriver();
    let orm: MikroORM | null = null;
    try {
      orm = withDatesAsTheyWere(() => new MongoOrm({ ...ormOptions, entities: [defineUsage(collection)] }));
      await orm.connect();
      await (isReadOnly || !mayChange ? checkReadable(orm, collection) : ensureIndex(orm, collection));
      for (const field of indexes) await ensureIndex(orm, collection, field);
      return new MongoStorage(name, isReadOnly, orm);
    } catch (error) {
      await orm?.close(true).catch(() => {});
      throw error instanceof TrackUsageError
        ? error
        : new TrackUsageError(
            isSetup(conditionOf(error)) ? 'STORAGE_SETUP' : 'STORAGE_CONNECT',
            `${CONNECT}: ${explainConnect(target, error)}`,
            error,
          );
    }
  }

  /** @inheritdoc */
  protected override endReading(): void {
    closeRepository(this.reader, this.name);
  }

  /** @inheritdoc */
  protected override async disconnect(): Promise<void> {
    await this.#orm.close(true);
  }
}

async function importDriver() {
  try {
    return await import('@mikro-orm/mongodb');
  } catch (error) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `${CONNECT}: the package '@mikro-orm/mongodb' cannot be imported. Install it: npm install @mikro-orm/mongodb.`,
      error,
    );
  }
}

/**
 * Restores the inspection of dates: MikroORM's connection to MongoDB has every `Date` of the process inspected as
 * `ISODate('…')`, which an application that tracks its usage did not ask for.
 */
function withDatesAsTheyWere<Result>(make: () => Result): Result {
  const dates: object = Date.prototype;
  const before = Object.getOwnPropertyDescriptor(dates, inspect.custom);
  try {
    return make();
  } finally {
    if (before === undefined) Reflect.deleteProperty(dates, inspect.custom);
    else Object.defineProperty(dates, inspect.custom, before);
  }
}
