import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { SaltStore } from '../../storage/salt-store.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import type { Condition } from '../base/database-error.js';
import type { Elsewhere, Summing } from '../mikro-orm/elsewhere.js';
import type { RunStatement } from './kysely.js';
import type { SaltTable } from './salt-table.js';
import type { UsageTable } from './usage-table.js';

/** The part that each dialect of SQL does in its own way. Each has a folder with a file of this name. */
export interface SqlDialect {
  /** The name of a storage in this dialect that is given none. */
  readonly name: string;

  /** Whether `dbName` is a file that this process opens, rather than a database on a server. */
  readonly isEmbedded: boolean;

  /** Which URLs an embedded dialect takes for servers all the same, and how an error describes one; left out if none. */
  readonly remote?: { readonly pattern: RegExp; readonly example: string };

  /** The names that a table may not have here, and how an error says so; null if every name will do. */
  readonly reservedNames: { readonly pattern: Pick<RegExp, 'test'>; readonly expected: string } | null;

  /** What a connection of our own does to others who use the same database, as a sentence; left out if nothing. */
  readonly sharingRisk?: string;

  /** Options of MikroORM for a connection of our own, beside the user's. */
  readonly connectionOptions: object;

  /**
   * Options that have the driver's client open a file for reading only; left out where rights are the server's to give.
   *
   * @param target - the file
   * @param driverOptions - the options of the client that the user gave
   */
  readOnlyOptions?(target: string, driverOptions: object): object;

  /** Whether a driver of MikroORM speaks this dialect. */
  matches(driver: IDatabaseDriver): boolean;

  /** Makes the connections of our own ready to be used; left out if they are. */
  prepareConnections?(orm: MikroORM): Promise<void>;

  /**
   * Makes a database ready for its table to be made or checked on a connection of our own, and calls `prepare`, which makes
   * or checks the table, with its own way to make an index of a table that is in use, if there is one; left out if the database is
   * ready.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if the database cannot hold records
   */
  aroundTable?(orm: MikroORM, prepare: PrepareTable, table: UsageTable): Promise<void>;

  /**
   * The query that finds one table by its name, if it is there and no view, in the columns that MikroORM reads: `table_name`,
   * `schema_name`, `table_collation`; left out where asking for all tables takes no time.
   *
   * @param name - the table's name, quoted as a value
   * @param schema - the schema's name, quoted as a value; null if the table is in the server's default one
   */
  locateSql?(name: string, schema: string | null): string;

  /**
   * Makes the first partitions of a table that has one for each month; left out where there are no such tables.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if the table is another, or a right is missing
   */
  makeMonths?(orm: MikroORM, table: UsageTable): Promise<void>;

  /** Whether a table is partitioned by ranges of ids, so that reading is told from which id on. @default none is */
  isInRangesOfIds?(orm: MikroORM, table: UsageTable): Promise<boolean | null>;

  /** The query for the server's time as `now`, in milliseconds since 1970; left out where no server has a clock of its own. */
  readonly clockSql?: string;

  /** The meaning of a table's error, which MikroORM's driver has converted. */
  conditionOf(
    error: unknown,
    orm: Pick<MikroORM, 'em'>,
    table: Pick<UsageTable, 'name' | 'schema'>,
  ): Condition;

  /**
   * Makes the writer of the table.
   *
   * @param isOwn - whether the connection is the storage's own, rather than the application's
   */
  createWriter(orm: MikroORM, table: UsageTable, isOwn: boolean): SqlWriter;

  /** Makes what reads for a connection of our own, where that would hold the event loop. @default the connection reads */
  createReading?(orm: MikroORM, table: UsageTable): Elsewhere | null;

  /** Makes what folds sum up records by. @default records are read, and summed up on the event loop */
  createSumming?(table: UsageTable, run: RunStatement): Summing;

  /** Makes the deleter of old records. @default a `PortableDeleter` */
  createDeleter?(orm: MikroORM, table: UsageTable): SqlDeleter;

  /** Makes what drops parts of the table that are too old as a whole. @default there are no parts */
  createDropper?(orm: MikroORM, table: UsageTable): SqlDropper;

  /** Makes the store of salts; with its first salt, it makes a table that is ours to make. @default `KyselySalts` */
  createSalts?(orm: MikroORM, table: SaltTable): SaltStore;

  /** Does something after which nothing that it deletes is left on the disk. @default the engine decides when that is written over */
  withoutTraces?<Value>(orm: MikroORM, action: () => Promise<Value>): Promise<Value>;

  /** Makes what runs the statements of summaries. @default MikroORM's Kysely does, in a transaction for each */
  createRunner?(orm: MikroORM): RunStatement;

  /**
   * Says why a database could not be opened, and what to do: the end of a sentence that begins with the function's name.
   *
   * @param target - which database, without its password
   */
  explainConnect(target: string, error: unknown): string;
}

/** Makes or checks a table. */
export type PrepareTable = (makeIndex?: (sql: string) => Promise<unknown>) => Promise<void>;

/** How records get into the table of one dialect. */
export interface SqlWriter {
  /** As `UsageStorage.store`. */
  write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Gives back everything but the connection. It is called when nothing is being written. */
  close?(): Promise<void>;
}

/** How old records get out of the table of one dialect. */
export interface SqlDeleter {
  /** As `UsageStorage.deleteBefore`. */
  delete(date: Date, limit: number, signal: AbortSignal): Promise<number>;
}

/** How parts of a table are dropped whose records are all old. */
export interface SqlDropper {
  /**
   * Finds what there is to be dropped, or to be kept after all. Nothing is done, and so nothing has to be marked, if there is none.
   *
   * @param date - records from this moment on are kept
   */
  plan(date: Date, signal: AbortSignal): Promise<readonly SqlDrop[]>;
}

/** One part of a table that is to be dropped, or brought back. */
export interface SqlDrop {
  /** All records of the part are of before this moment. */
  readonly before: Date;

  /**
   * Drops the part, or brings it back.
   *
   * @returns how many records were dropped; null if it cannot be done now, nor can any other
   */
  readonly run: (signal: AbortSignal) => Promise<number | null>;
}
