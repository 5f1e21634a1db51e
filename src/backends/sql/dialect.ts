import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { SaltStore } from '../../storage/salt-store.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import type { Condition } from '../mikro-orm/database-error.js';
import type { SaltTable } from './salt-table.js';
import type { UsageTable } from './usage-table.js';

/** What one dialect of SQL does in its own way. Each has a folder, with the same files as the others. */
export interface SqlDialect {
  /** What a storage on it is called unless it is given a name. */
  readonly name: string;

  /** Whether `dbName` is a file that this process opens, rather than a database on a server. */
  readonly isEmbedded: boolean;

  /** Which URLs an embedded dialect takes for servers all the same, and how an error describes one; left out if none. */
  readonly remote?: { readonly pattern: RegExp; readonly example: string };

  /** What a table may not be called here, and how an error says so; null if every name will do. */
  readonly reservedNames: { readonly pattern: Pick<RegExp, 'test'>; readonly expected: string } | null;

  /** What MikroORM is given for a connection of our own, beside what the user gave. */
  readonly connectionOptions: object;

  /**
   * What has the driver's client open a file for reading only; left out where that is the server's to decide.
   *
   * @param target - the file
   * @param driverOptions - what the user gave for the client
   */
  readOnlyOptions?(target: string, driverOptions: object): object;

  /** Whether a driver of MikroORM speaks this dialect. */
  matches(driver: IDatabaseDriver): boolean;

  /** Does to the connections of our own what they need before they are used; left out if nothing. */
  prepareConnections?(orm: MikroORM): Promise<void>;

  /**
   * Does to a database what it needs before and after its table is made or checked on a connection of our own; left out if
   * nothing.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if the database cannot hold records
   */
  aroundTable?(orm: MikroORM, prepare: () => Promise<void>): Promise<void>;

  /**
   * The query that finds one table by its name, if it is there and no view, in the columns that MikroORM reads: `table_name`,
   * `schema_name`, `table_collation`; left out where asking for all tables takes no time.
   *
   * @param name - the table's name, quoted as a value
   * @param schema - the schema's name, quoted as a value; null if the table is in the server's default one
   */
  locateSql?(name: string, schema: string | null): string;

  /** What an error that a table gave means, as MikroORM's driver converts it. */
  conditionOf(error: unknown, orm: MikroORM, table: Pick<UsageTable, 'name' | 'schema'>): Condition;

  /**
   * Makes what writes into the table.
   *
   * @param isOwn - whether the connection is the storage's own, rather than the application's
   */
  createWriter(orm: MikroORM, table: UsageTable, isOwn: boolean): SqlWriter;

  /** Makes what deletes old records from the table. @default a `PortableDeleter` */
  createDeleter?(orm: MikroORM, table: UsageTable): SqlDeleter;

  /** Makes what keeps salts; a table that is ours to make is made with the first of them. @default `KyselySalts` */
  createSalts?(orm: MikroORM, table: SaltTable): SaltStore;

  /**
   * Says why a database could not be opened, and what to do: the end of a sentence that begins with the function's name.
   *
   * @param target - which database, without its password
   */
  explainConnect(target: string, error: unknown): string;
}

/** How records get into the table of one dialect. */
export interface SqlWriter {
  /** As `UsageStorage.store`. */
  write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Gives back what it holds beside the connection. Nothing is being written. */
  close?(): Promise<void>;
}

/** How old records get out of the table of one dialect. */
export interface SqlDeleter {
  /** As `UsageStorage.deleteBefore`. */
  delete(date: Date, limit: number, signal: AbortSignal): Promise<number>;
}
