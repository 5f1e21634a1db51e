import { TrackUsageError } from '../../errors.js';
import { isFunction } from '../../option-reader.js';
import { type ReadableUsageStorage, type UsageStorage, isStorage } from '../../storage/usage-storage.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import { DATABASE_FORMS, openDatabase } from './database.js';
import { CONFIG_FILES, type LoadedConfig, findConfig, loadConfig } from './load-config.js';

/** What the options of a call say of where records are. */
interface SourceOptions {
  readonly config: string | undefined;
  readonly database: string | undefined;
  readonly table: string | undefined;
}

/** Where records are: opens a storage when it is asked for, and closes it with the command. */
export class Source {
  readonly #options: SourceOptions;
  readonly #cwd: string;
  #config: Promise<LoadedConfig | null> | null = null;
  readonly #opening: { read?: Promise<UsageStorage>; write?: Promise<UsageStorage> } = {};
  /** What is open; null from the end on. */
  #opened: UsageStorage[] | null = [];

  constructor(options: SourceOptions, cwd: string) {
    this.#options = options;
    this.#cwd = cwd;
  }

  /**
   * The configuration; null without one.
   *
   * @throws {CliError} if it cannot be loaded, or the options contradict each other
   */
  config(): Promise<LoadedConfig | null> {
    return (this.#config ??= this.#load());
  }

  /**
   * Whether the call says where the records are.
   *
   * @throws {CliError} if the configuration cannot be loaded, or the options contradict each other
   */
  async isGiven(): Promise<boolean> {
    return this.#options.database !== undefined || (await this.config()) !== null;
  }

  /**
   * Opens the storage, for writing where a command changes what is there.
   *
   * @throws {CliError | TrackUsageError} if it cannot be opened
   */
  storage(need: 'read' | 'write'): Promise<UsageStorage> {
    return (this.#opening[need] ??= this.#keep(this.#open(need === 'write')));
  }

  /**
   * Opens the storage, whose records have to be readable.
   *
   * @throws {CliError | TrackUsageError} if it cannot be opened or read
   */
  async readable(need: 'read' | 'write'): Promise<ReadableUsageStorage> {
    const storage = await this.storage(need);
    if (storage.reader !== undefined) return storage as ReadableUsageStorage;
    throw new CliError(EXIT.usage, `The records of the storage '${storage.name}' cannot be read back.`);
  }

  /**
   * Opens the storage that a worker fills, and makes what it needs where that is missing.
   *
   * @throws {CliError | TrackUsageError} if it cannot be opened
   */
  async toBeFilled(config: LoadedConfig): Promise<UsageStorage> {
    return this.#hold(await openConfigured(config, true));
  }

  /** Closes what is open, without waiting for what is still being opened. Never throws. */
  async close(): Promise<void> {
    const storages = this.#opened ?? [];
    this.#opened = null;
    await Promise.allSettled(storages.map(async (storage) => storage.close?.()));
  }

  async #keep(opening: Promise<UsageStorage>): Promise<UsageStorage> {
    const storage = await opening;
    // Whoever runs a command may not be whom a table of summaries should belong to.
    storage.summaries?.makeNothing();
    return this.#hold(storage);
  }

  async #hold(storage: UsageStorage): Promise<UsageStorage> {
    if (this.#opened === null) await storage.close?.();
    else this.#opened.push(storage);
    return storage;
  }

  async #load(): Promise<LoadedConfig | null> {
    const { config, database, table } = this.#options;
    if (database !== undefined && config !== undefined)
      throw wrongUsage('--config and --database both say where the records are; give one of them.');
    if (database === undefined && table !== undefined)
      throw wrongUsage('--table belongs to --database; a configuration names the table itself.');
    const path = database === undefined ? await findConfig(this.#cwd, config) : null;
    return path === null ? null : loadConfig(path);
  }

  async #open(isForWriting: boolean): Promise<UsageStorage> {
    const config = await this.config();
    const { database, table } = this.#options;
    if (config !== null) {
      // Opened for writing, it may make a table, or a file, where the name is misspelt: for reading, it has to be there.
      if (isForWriting && isFunction(config.storage)) await this.storage('read');
      return openConfigured(config, isForWriting);
    }
    if (database !== undefined) return openDatabase({ database, table, cwd: this.#cwd }, isForWriting);
    throw wrongUsage(
      `Where are the records? Give --database (${DATABASE_FORMS}), or a configuration: --config, or ${CONFIG_FILES[0]} here.`,
    );
  }
}

async function openConfigured({ storage }: LoadedConfig, isForWriting: boolean): Promise<UsageStorage> {
  let opened: unknown;
  try {
    opened = await (isFunction(storage)
      ? (storage as (need: object) => unknown)({ readOnly: !isForWriting })
      : storage);
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.unknown, `The storage of the configuration cannot be opened: ${message}`, error);
  }
  if (isStorage(opened)) return opened;
  throw wrongUsage(
    `The 'storage' of the configuration gave a value of type ${typeof opened}; expected a storage.`,
  );
}
