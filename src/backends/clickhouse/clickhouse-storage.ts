import { TrackUsageError } from '../../errors.js';
import { hasMethods, readOptions } from '../../option-reader.js';
import { valuesOf } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { MarkedStorage } from '../base/marked-storage.js';
import { Mutex } from '../base/mutex.js';
import { ClickHouseConnection, type NativeClient } from './connection.js';
import { explainConnect, isMissingTable } from './errors.js';
import { moment, quoted, quotedList } from './literals.js';
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
import {
  COLUMN_NAMES,
  type ClickHouseTables,
  onCluster,
  readSettings,
  recordTable,
  tablesOf,
  writeSettings,
} from './tables.js';

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
  readonly deletionRecords = 100_000;

  readonly #tables: ClickHouseTables;
  readonly #connection: ClickHouseConnection;
  /** What the reader reads through, which ends first. */
  readonly #reading: ClickHouseConnection;
  readonly #summaries: ClickHouseSummaries;
  readonly #isOwn: boolean;
  readonly #writing = new Mutex();
  readonly #deleting = new Mutex();

  /**
   * Keeps records through the application's client, which stays open when the storage is closed. The tables are the application's to
   * make: `clickHouseTables()` has the statements.
   *
   * @param client - what `createClient` of `@clickhouse/client` returns
   * @throws {TrackUsageError} `INVALID_OPTION` if it is none, or an option cannot be used
   */
  constructor(client: NativeClient, options: ClickHouseStorageNaming = {}) {
    const parts = OWN.get(client) ?? partsOf(client, options);
    const connection = new ClickHouseConnection(parts.client);
    const summaryStore = new ClickHouseSummaries(connection, parts.tables, parts.mayMake);
    const reading = new ClickHouseConnection(parts.client);
    const reader = new ClickHouseReader(reading, parts.tables, summaryStore);
    super({ ...parts, reader, primary: reader, summaryStore });
    this.#tables = parts.tables;
    this.#connection = connection;
    this.#reading = reading;
    this.#summaries = summaryStore;
    this.#isOwn = parts.isOwn;
  }

  /**
   * Keeps records through a client of its own, which is closed with the storage. The tables are made if they are missing, but for
   * `readOnly`.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if the server cannot be reached
   *   or does not let the user in; `STORAGE_SETUP` if `@clickhouse/client` is not installed, or the table is missing and cannot be made,
   *   or has other columns
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
    const { createClient, ClickHouseLogLevel } = await importClient();
    // What goes wrong is thrown, and told by whoever learns of it.
    const client = createClient({ log: { level: ClickHouseLogLevel.OFF }, ...clientOptions }) as NativeClient;
    OWN.set(client, { ...resolved, client, isOwn: true, mayMake: mayMake && !resolved.isReadOnly });
    const storage = new ClickHouseStorage(client);
    try {
      await storage.#prepare(mayMake && !resolved.isReadOnly);
      return storage;
    } catch (error) {
      await storage.close();
      const { code, cause } = error as TrackUsageError;
      if (code === 'STORAGE_SETUP') throw error;
      throw new TrackUsageError(
        'STORAGE_CONNECT',
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
      const { name, records } = this.#tables;
      const settings = { max_partitions_per_insert_block: 0, ...writeSettings(this.#tables) };
      const failed = `The table '${name}' cannot be written`;
      const into = `${records} (${COLUMN_NAMES})`;
      await this.#connection.insert(into, await linesOf(batch, signal), failed, signal, settings);
      return { stored: batch.length, refused: [] };
    });
  }

  /** @inheritdoc */
  protected override prune(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.#deleting.run(signal, async () => {
      const { records, name } = this.#tables;
      const before = `date < ${moment(date)}`;
      const oldest =
        `select count(), toUnixTimestamp64Milli(max(date)), argMax(id, (date, id)) from (select date, id from ${records} ` +
        `where ${before} order by date, id limit 1 by date, id limit ${limit})${readSettings(this.#tables)}`;
      const [count, lastMs, lastId] = await this.#connection.readOne(oldest, `table '${name}'`, signal);
      if (Number(count) === 0) return 0;
      const last = moment(new Date(Number(lastMs)));
      await this.#delete(`date <= ${last} and (date < ${last} or id <= ${quoted(String(lastId))})`, signal);
      return Number(count);
    });
  }

  /** @inheritdoc */
  protected override async remove(records: readonly UsagePosition[], signal: AbortSignal): Promise<void> {
    const dates = records.map(({ date }) => date).toSorted((one, other) => Number(one) - Number(other));
    const [first, last] = [dates[0] as Date, dates.at(-1) as Date];
    const ids = quotedList(records.map(({ id }) => id));
    await this.#delete(`date >= ${moment(first)} and date <= ${moment(last)} and id in ${ids}`, signal);
  }

  /** @inheritdoc */
  protected override async withoutTraces<Value>(action: () => Promise<Value>): Promise<Value> {
    const value = await action();
    const { stored, name } = this.#tables;
    const sql = `alter table ${stored}${onCluster(this.#tables)} apply deleted mask settings mutations_sync = 2`;
    const { signal } = new AbortController();
    await this.#connection.command(sql, `Deleted records of the table '${name}' cannot be purged`, signal);
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

  async #delete(where: string, signal: AbortSignal): Promise<void> {
    const { stored, name } = this.#tables;
    const sql = `delete from ${stored}${onCluster(this.#tables)} where ${where}`;
    await this.#connection.command(sql, `Records of the table '${name}' cannot be deleted`, signal);
  }

  /** Makes the table of the records where it is missing and may be made, and tries it. */
  async #prepare(mayMake: boolean): Promise<void> {
    const { records, name } = this.#tables;
    const look = (): Promise<unknown> =>
      this.#connection.readOne(
        `select ${COLUMN_NAMES}, version from ${records} final limit 0`,
        `table '${name}'`,
      );
    try {
      await look();
    } catch (error) {
      if (!mayMake || !isMissingTable(error)) throw error;
      for (const sql of recordTable(this.#tables))
        await this.#connection.command(sql, `The table '${name}' cannot be made`);
      await look();
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
