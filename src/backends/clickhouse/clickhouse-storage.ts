import { TrackUsageError } from '../../errors.js';
import { hasMethods, readOptions } from '../../option-reader.js';
import { valuesOf } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import type { UsageCountQuery } from '../../storage/usage-query.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { messageOf } from '../base/database-error.js';
import { MarkedStorage } from '../base/marked-storage.js';
import { Mutex } from '../base/mutex.js';
import { ClickHouseConnection, type NativeClient } from './connection.js';
import { ClickHouseDeleter, STATEMENT_RECORDS } from './deleter.js';
import { explainConnect, isMissingTable, isNotLetIn } from './errors.js';
import {
  CONNECT,
  ClickHouseStorageNaming,
  type ClickHouseStorageOptions,
  type GivenNaming,
  type ResolvedConnection,
  resolveConnection,
} from './options.js';
import { ClickHouseReader } from './reader.js';
import { ClickHouseSummaries } from './summaries.js';
import { RecordTable } from './table-check.js';
import { COLUMN_NAMES, type ClickHouseTables, recordTable, tablesOf } from './tables.js';

/** Records between two looks at the clock. */
const LOOK_RECORDS = 8;

/** What a storage is made of. */
interface Parts extends Pick<ResolvedConnection, 'name' | 'tables' | 'isReadOnly'> {
  readonly client: NativeClient;
  readonly isOwn: boolean;
  readonly mayMake: boolean;
}

/** The parts of storages that `connect` has made. */
const OWN = new WeakMap<object, Parts>();

/** Keeps records in a table of ClickHouse, through the application's client or one of its own. */
export class ClickHouseStorage extends MarkedStorage<ClickHouseReader> {
  /** @inheritdoc */
  readonly batch = { maxRecords: 10_000, maxDelayMs: 10_000 };

  /** @inheritdoc */
  readonly deletionRecords = STATEMENT_RECORDS;

  readonly #tables: ClickHouseTables;
  readonly #connection: ClickHouseConnection;
  /** What the reader reads through, which ends first. */
  readonly #reading: ClickHouseConnection;
  readonly #summaries: ClickHouseSummaries;
  readonly #isOwn: boolean;
  readonly #deleter: ClickHouseDeleter;
  readonly #writing = new Mutex();
  readonly #table: RecordTable;

  /**
   * Keeps records through the application's client, which stays open when the storage is closed. The tables are the application's to
   * make: `clickHouseTables()` has the statements. Before they are used, they are looked at. The client logs each attempt that fails unless
   * it has `log: { level: ClickHouseLogLevel.OFF }`; the tracker logs failures by itself.
   *
   * @param client - what `createClient` of `@clickhouse/client` returns
   * @throws {TrackUsageError} `INVALID_OPTION` if it is none, or an option cannot be used
   */
  constructor(client: NativeClient, options: ClickHouseStorageNaming = {}) {
    const parts = OWN.get(client) ?? partsOf(client, options);
    const isOnCluster = parts.tables.cluster !== null;
    const connection = new ClickHouseConnection(parts.client, isOnCluster);
    const summaryStore = new ClickHouseSummaries(connection, parts.tables, parts.mayMake);
    const reading = new ClickHouseConnection(parts.client, isOnCluster);
    const table = new RecordTable(parts.tables);
    const reader = new ClickHouseReader(reading, parts.tables, summaryStore, table);
    super({ ...parts, reader, primary: reader, summaryStore });
    this.#tables = parts.tables;
    this.#table = table;
    this.#connection = connection;
    this.#reading = reading;
    this.#summaries = summaryStore;
    this.#deleter = new ClickHouseDeleter(connection, parts.tables);
    this.#isOwn = parts.isOwn;
  }

  /**
   * Keeps records through a client of its own, which is closed with the storage. The tables are made if they are missing, but for
   * `readOnly`.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if the server cannot be reached;
   *   `STORAGE_SETUP` if it does not let the user in, `@clickhouse/client` is not installed, or the table is missing and cannot be made,
   *   or has other columns, another engine or another order
   */
  static async connect(options: ClickHouseStorageOptions = {}): Promise<ClickHouseStorage> {
    return ClickHouseStorage.#connect(options, true);
  }

  /**
   * Opens tables that are there, as {@link connect} does, and makes none: for tools that delete or sum up what applications have stored.
   *
   * @throws {TrackUsageError} as {@link connect} does; `STORAGE_SETUP` too if the table of the records is missing
   */
  static async connectToExisting(options: ClickHouseStorageOptions = {}): Promise<ClickHouseStorage> {
    const storage = await ClickHouseStorage.#connect(options, false);
    storage.summaries?.makeNothing();
    return storage;
  }

  static async #connect(options: ClickHouseStorageOptions, mayMake: boolean): Promise<ClickHouseStorage> {
    const { client: clientOptions, target, ...resolved } = resolveConnection(options);
    const client = await makeClient(clientOptions);
    OWN.set(client, { ...resolved, client, isOwn: true, mayMake: mayMake && !resolved.isReadOnly });
    const storage = new ClickHouseStorage(client);
    try {
      await storage.#prepare(mayMake && !resolved.isReadOnly);
      return storage;
    } catch (error) {
      await storage.close();
      const { code, cause } = error as TrackUsageError;
      if (code === 'STORAGE_SETUP' && !isNotLetIn(cause)) throw error;
      throw new TrackUsageError(
        code === 'STORAGE_SETUP' ? code : 'STORAGE_CONNECT',
        `${CONNECT}: ${explainConnect(target, cause ?? error)}`,
        error,
      );
    }
  }

  /** The server's time. */
  async now(signal: AbortSignal): Promise<Date> {
    this.assertUnclosed();
    const [now] = await this.#connection.readOne(
      'select toUnixTimestamp64Milli(now64(3))',
      'clock of the server',
      signal,
    );
    return new Date(Number(now));
  }

  /** @inheritdoc */
  protected override get chunkRecords(): number {
    return 5000;
  }

  /** @inheritdoc */
  protected override async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    return this.#writing.run(signal, async () => {
      // An application's table may be one that takes records and keeps none.
      await this.#table.assertFit(this.#connection, signal);
      const { name, records } = this.#tables;
      const failed = `The table '${name}' cannot be written`;
      const into = `${records} (${COLUMN_NAMES})`;
      await this.#connection.insert(into, await linesOf(batch, signal), failed, signal);
      return { stored: batch.length, refused: [] };
    });
  }

  /** @inheritdoc */
  protected override prune(endDate: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.#deleter.deleteUpTo(limit, 'oldest', { endDate }, signal);
  }

  /** @inheritdoc */
  protected override removeFound(
    query: UsageCountQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<number> {
    return this.#deleter.deleteUpTo(limit, 'newest', query, signal);
  }

  /** @inheritdoc */
  protected override find(
    person: UsageCountQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<UsagePosition[]> {
    return this.#deleter.find(person, limit, signal);
  }

  /** @inheritdoc */
  protected override remove(records: readonly UsagePosition[], signal: AbortSignal): Promise<void> {
    return this.#deleter.deleteAll(records, signal);
  }

  /** @inheritdoc */
  protected override async withoutTraces<Value>(
    signal: AbortSignal,
    action: () => Promise<Value>,
  ): Promise<Value> {
    const value = await action();
    await this.#deleter.purge(signal);
    await this.#summaries.purge(signal);
    return value;
  }

  /** @inheritdoc */
  protected override endReading(): void {
    if (this.#isOwn) this.#reading.close(this.name);
  }

  /** @inheritdoc */
  protected override async disconnect(): Promise<void> {
    this.#connection.close(this.name);
    if (this.#isOwn) await this.#connection.disconnect();
  }

  /** Makes the table of the records where it is missing and may be made, and looks at it. */
  async #prepare(mayMake: boolean): Promise<void> {
    try {
      await this.#table.assertFit(this.#connection);
    } catch (error) {
      if (!mayMake || !isMissingTable(error)) throw error;
      for (const sql of recordTable(this.#tables))
        await this.#connection.command(sql, `The table '${this.#tables.name}' cannot be made`);
      await this.#table.assertFit(this.#connection);
    }
  }
}

function partsOf(client: NativeClient, options: ClickHouseStorageNaming): Parts {
  const given: GivenNaming = readOptions(
    'new ClickHouseStorage(client, options)',
    ClickHouseStorageNaming,
    options,
  );
  const { name, tableName, cluster } = given;
  if (!hasMethods(client, 'query', 'command', 'exec', 'close')) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `new ClickHouseStorage: expected the application's client of '@clickhouse/client', got a value of type ${typeof client}. ` +
        'For a client of its own, write await ClickHouseStorage.connect({ url, database }).',
    );
  }
  const tables = tablesOf(tableName, cluster);
  return { name, tables, isReadOnly: false, client, isOwn: false, mayMake: false };
}

/** A line of JSON for each record, those of one turn of the event loop together. */
async function linesOf(batch: readonly UsageRecord[], signal: AbortSignal): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  let part = '';
  const budget = new TurnBudget(LOOK_RECORDS);
  for (const record of batch) {
    part += `${JSON.stringify(valuesOf(record))}\n`;
    if (!budget.isSpentAfterStep()) continue;
    parts.push(Buffer.from(part));
    part = '';
    await budget.nextTurn(signal);
  }
  return [...parts, Buffer.from(part)];
}

async function makeClient(options: object): Promise<NativeClient> {
  const { createClient, ClickHouseLogLevel } = await importClient();
  try {
    // What goes wrong is thrown, and told by whoever learns of it.
    return createClient({ log: { level: ClickHouseLogLevel.OFF }, ...options });
  } catch (error) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `${CONNECT}: '@clickhouse/client' makes no client of 'clientOptions': ${messageOf(error)}.`,
      error,
    );
  }
}

async function importClient() {
  try {
    return await import('@clickhouse/client');
  } catch (error) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `${CONNECT}: the package '@clickhouse/client' cannot be imported. Install it: npm install @clickhouse/client.`,
      error,
    );
  }
}
