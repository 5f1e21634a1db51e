import { type Constructor, type IDatabaseDriver, MikroORM, UnderscoreNamingStrategy } from '@mikro-orm/core';
import { SqlitePlatform } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import { OptionReader, hasMethods, isFunction } from '../../../option-reader.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { UsageQuery } from '../../usage-query.js';
import type { ReadableUsageStorage, ServiceBinding, StoreResult } from '../../usage-storage.js';
import { DEFAULT_TABLE_NAME, defineUsage } from '../usage-entity.js';
import { UsageRepository } from '../usage-repository.js';
import type { SqlWriter } from './sql-writer.js';
import { isBusy } from './sqlite/errors.js';
import { ensureTable } from './sqlite/schema.js';
import { SqliteWriter } from './sqlite/writer.js';
import { findUsageTable } from './usage-table.js';

/** What a storage is called. */
export interface SqlStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default 'sqlite' */
  readonly name?: string | undefined;
}

/** The options of `SqlStorage.connect`. */
export interface SqlStorageOptions extends SqlStorageNaming {
  /** MikroORM's driver: `SqliteDriver` of `@mikro-orm/sqlite`. */
  readonly driver: Constructor<IDatabaseDriver>;
  /** The database's file, such as `'usage.db'`, or `':memory:'`. */
  readonly dbName: string;
  /** The table. It is made if it is missing. @default 'koa_usage' */
  readonly tableName?: string | undefined;
}

const CONNECT = 'SqlStorage.connect';
const A_DRIVER = "a MikroORM driver, such as SqliteDriver of '@mikro-orm/sqlite'";

/** MikroORM takes what is not given from MIKRO_ORM_…, and those variables are about the application's database. */
const NOT_FROM_ENVIRONMENT = {
  clientUrl: undefined,
  host: undefined,
  port: undefined,
  user: undefined,
  password: undefined,
  schema: undefined,
  timezone: undefined,
  namingStrategy: UnderscoreNamingStrategy,
  debug: false,
} as object;

/** Keeps records in a table of an SQL database, through MikroORM. */
export class SqlStorage implements ReadableUsageStorage {
  /** @inheritdoc */
  readonly name: string;

  /** The repository of the records, which the tracker puts into the container. */
  readonly provides: readonly ServiceBinding[];

  readonly #orm: MikroORM;
  readonly #repository: UsageRepository;
  readonly #writer: SqlWriter;
  #isOwner = false;
  #isClosed = false;

  /**
   * Keeps records through the application's own MikroORM. Its migrations make the table, and closing the storage
   * leaves it open.
   *
   * @param orm - a MikroORM for SQLite with `Usage` among its entities
   * @throws {TrackUsageError} `INVALID_OPTION` if it is no MikroORM; `STORAGE_SETUP` if it is for another database,
   *   or does not know the entity
   */
  constructor(orm: MikroORM, options: SqlStorageNaming = {}) {
    const reader = new OptionReader('new SqlStorage(orm, options)', options, ['name']);
    this.name = reader.text('name', 'sqlite');
    if (!hasMethods((orm as Partial<MikroORM> | undefined)?.em, 'getPlatform')) {
      throw new TrackUsageError(
        'INVALID_OPTION',
        `new SqlStorage: expected the application's MikroORM, got a value of type ${typeof orm}. ` +
          'For a connection of its own, write await SqlStorage.connect({ driver, dbName }).',
      );
    }
    if (!(orm.em.getPlatform() instanceof SqlitePlatform)) {
      throw new TrackUsageError(
        'STORAGE_SETUP',
        `SqlStorage writes SQLite, and this MikroORM is for ${orm.em.getPlatform().constructor.name}. ` +
          "Use SqliteDriver of '@mikro-orm/sqlite'.",
      );
    }
    const table = findUsageTable(orm);
    this.#orm = orm;
    this.#repository = orm.em.getRepository(table.entity.class) as unknown as UsageRepository;
    this.#writer = new SqliteWriter(orm, table);
    this.provides = [{ id: UsageRepository, value: this.#repository }];
  }

  /**
   * Keeps records through a connection of its own, which is closed with the storage. The table is made if it is
   * missing, and checked if it is not.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if the
   *   database cannot be opened; `STORAGE_SETUP` if the table is there with other columns
   */
  static async connect(options: SqlStorageOptions): Promise<SqlStorage> {
    const reader = new OptionReader(CONNECT, options, ['driver', 'dbName', 'tableName', 'name']);
    const driver =
      reader.read<SqlStorageOptions['driver'] | null>('driver', isDriver, A_DRIVER, null) ??
      reader.refuse('driver', A_DRIVER);
    const dbName =
      reader.text('dbName', null) ?? reader.refuse('dbName', "a file's name, such as 'usage.db'");
    const tableName = reader.text('tableName', DEFAULT_TABLE_NAME);
    // MikroORM reads a schema before a dot, and puts values where question marks are.
    if (/[.?]|^sqlite_/i.test(tableName)) {
      reader.refuse(
        'tableName',
        "a name without a dot or a question mark that does not begin with 'sqlite_'",
      );
    }
    const orm = await MikroORM.init({
      ...NOT_FROM_ENVIRONMENT,
      driver,
      dbName,
      entities: [defineUsage(tableName)],
      // Its query would fail while another process has the lock; ensureTable waits.
      ensureDatabase: false,
      // Waiting for another process's lock would hold the event loop.
      driverOptions: { timeout: 0 },
      metadataCache: { enabled: false },
    });
    try {
      const storage = new SqlStorage(orm, { name: reader.text('name', undefined) });
      await ensureTable(orm, findUsageTable(orm));
      storage.#isOwner = true;
      return storage;
    } catch (error) {
      await orm.close(true).catch(() => {});
      throw error instanceof TrackUsageError ? error : cannotOpen(dbName, error);
    }
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.#assertOpen();
    signal.throwIfAborted();
    return this.#writer.write(batch, signal);
  }

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    this.#assertOpen();
    return this.#repository.getUsage(query);
  }

  /** Closes the connection, if it is the storage's own. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isOwner) await this.#orm.close(true);
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new TrackUsageError('STORAGE_CLOSED', `The storage '${this.name}' was used after close().`);
  }
}

function isDriver(value: unknown): boolean {
  return isFunction(value) && hasMethods((value as { prototype?: unknown }).prototype, 'getPlatform');
}

function cannotOpen(dbName: string, error: unknown): TrackUsageError {
  const reason = error instanceof Error ? error.message : String(error);
  if (isBusy(error)) {
    return new TrackUsageError(
      'STORAGE_CONNECT',
      `${CONNECT}: another process has kept the SQLite file '${dbName}' locked for five seconds. Try again when it is done.`,
      error,
    );
  }
  return new TrackUsageError(
    'STORAGE_CONNECT',
    `${CONNECT}: the SQLite file '${dbName}' cannot be opened: ${reason}. ` +
      'Check that its folder exists, that this process may write there, and that the file is an SQLite database.',
    error,
  );
}
