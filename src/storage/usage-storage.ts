import type { ServiceIdentifier } from 'typedi';
import { hasMethods, isText } from '../option-reader.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { ErasureReport, UsagePerson } from './usage-person.js';
import type { UsageCountQuery } from './usage-query.js';
import type { SaltStore } from './salt-store.js';
import type { SummaryStore } from './summary-store.js';
import type { UsageReader } from './usage-reader.js';

/** A record that a storage will never take, and why. */
export interface RefusedRecord {
  /** The id of a record of the batch. */
  readonly id: string;
  /** Why the record was refused. */
  readonly error: Error;
}

/** What became of a batch, of which every record is either stored or refused. */
export interface StoreResult {
  /** How many records are now in the storage, those that were there before included. */
  readonly stored: number;
  /** The records that the storage will never take. */
  readonly refused: readonly RefusedRecord[];
}

/** What the summaries of a storage are made of, and where they are kept. */
export interface StorageSummaries {
  /** Keeps the rows of summaries. */
  readonly store: SummaryStore;
  /** Reads the records, from the server that is written to. */
  readonly reader: Pick<UsageReader, 'streamUsage'>;
  /** Whether there is a place for them. */
  isReady(signal: AbortSignal): Promise<boolean>;
  /** Says of all that was stored and is over that it can be folded, without waiting for stragglers. Never throws. */
  settle(): Promise<void>;
  /** Has the storage sum up nothing, as nobody wants it, unless another process does. Called before the first batch. */
  makeNothing(): void;
}

/** A value that a storage offers to the application's container. */
export interface ServiceBinding {
  /** The identifier under which the container hands the value out. */
  readonly id: ServiceIdentifier;
  /** The value that is handed out. */
  readonly value: unknown;
}

/**
 * Where records are kept. The tracker calls `store` with one batch at a time, never from within a request, and
 * again with the same batch when it rejected or took too long.
 */
export interface UsageStorage {
  /** The storage's name in logs and statistics, such as `sqlite`. */
  readonly name: string;

  /**
   * How batches should be, unless the application says so by the option `batch`: for storages that want few and large ones. A batch takes
   * no more than half of the queue, whatever is wished for.
   */
  readonly batch?: { readonly maxRecords: number; readonly maxDelayMs: number } | undefined;

  /** How many records retention deletes at once. Many, where each deletion has its price. @default 100 */
  readonly deletionRecords?: number | undefined;

  /** What the tracker puts into the container, unless the application has put something there. */
  readonly provides?: readonly ServiceBinding[];

  /** What reads its records back, which may be the storage itself; left out where records cannot be read. */
  readonly reader?: UsageReader | undefined;

  /** Whether the storage was opened for reading only: it takes no records, and `trackUsage` refuses it. @default false */
  readonly isReadOnly?: boolean | undefined;

  /**
   * The storage that its records get to in the end, by workers that read a stream: what is asked of records, and where register and salts
   * are, is a matter of that one. Left out where records stay.
   */
  readonly destination?: UsageStorage | undefined;

  /**
   * Its summaries; null where the application has to make a place for them first. Left out where there can be none: questions are
   * answered from the records.
   */
  readonly summaries?: StorageSummaries | null | undefined;

  /**
   * Where the register of endpoints is kept, beside the summaries. Left out where there is no place for it: then nobody can tell which
   * endpoints were watched.
   */
  readonly register?: SummaryStore | undefined;

  /** Where the option `visitors` keeps its salts, for all processes; left out where there is nowhere to keep them. */
  readonly salts?: SaltStore | undefined;

  /**
   * Keeps a batch. The record's id is the key: storing a record again must leave one.
   *
   * @param batch - at least one record
   * @param signal - aborted when the tracker no longer waits for the answer
   * @returns how many records are stored, and which were refused for good
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; `BATCH_REFUSED` if only parts of the batch can
   *   be taken; `STORAGE_TIMEOUT` if fewer records may be taken in time; any other error means that the whole batch should be
   *   tried again later
   */
  store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /**
   * Deletes the oldest records, for the option `retention`. Leave it out where records cannot be deleted. Several
   * processes may do so at once; a record that another process has deleted is no error.
   *
   * @param date - records from this moment on are kept
   * @param limit - at most so many are deleted, from 1: the oldest, those of the same millisecond by ascending id
   * @param signal - aborted when the tracker no longer waits for the answer
   * @returns how many were deleted; fewer than the limit if no older record is left, or another process deletes some
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; any other error means «later»
   */
  deleteBefore?(date: Date, limit: number, signal: AbortSignal): Promise<number>;

  /**
   * Drops old records that can go together, whatever their number, such as a partition of a month; `deleteBefore` is asked for the others.
   * Leave it out where there are none. Several processes may do so at once.
   *
   * @param date - records from this moment on are kept
   * @param signal - aborted when the tracker no longer waits for the answer
   * @returns how many were dropped; it is asked again until none was, and then every minute while others are deleted
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; any other error means «later». All else is deleted before it is told of
   */
  dropBefore?(date: Date, signal: AbortSignal): Promise<number>;

  /**
   * Deletes the newest records that a query finds, for actions whose records are kept for a shorter time than others. Leave it out where
   * single records cannot be deleted. Several processes may do so at once.
   *
   * @param query - which records, as `countUsage` takes it
   * @param limit - at most so many are deleted, from 1
   * @param signal - aborted when the tracker no longer waits for the answer
   * @returns how many were found and deleted; fewer than the limit if no other is left
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable; `STORAGE_SETUP` if a person has to act first; any other error
   *   means «later»
   */
  deleteUsage?(query: UsageCountQuery, limit: number, signal: AbortSignal): Promise<number>;

  /**
   * Erases a person: the records, and the rows of summaries that name the person, so that nothing of them can be read from the disk where
   * the storage can see to that. Leave it out where single records cannot be deleted.
   *
   * @param signal - aborted when nobody waits for the answer
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; any other error means «later»
   */
  erase?(person: UsagePerson, signal: AbortSignal): Promise<ErasureReport>;

  /**
   * Tells the time by the storage's own clock, which `retention` then goes by. Leave it out where the storage has none.
   *
   * @param signal - aborted when the tracker no longer waits for the answer
   */
  now?(signal: AbortSignal): Promise<Date>;

  /** Gives back what the storage holds open. May be called twice. */
  close?(): Promise<void>;
}

/** A storage whose records can be read. */
export interface ReadableUsageStorage extends UsageStorage {
  readonly reader: UsageReader;
}

/** A storage that can delete old records. */
export type DeletingUsageStorage = UsageStorage & Required<Pick<UsageStorage, 'deleteBefore'>>;

/** Whether a value can be used as a storage. */
export function isStorage(value: unknown): value is UsageStorage {
  return hasMethods(value, 'store') && isText((value as { name?: unknown }).name);
}

/** Whether a storage can delete old records. */
export function canDelete(storage: UsageStorage): storage is DeletingUsageStorage {
  return hasMethods(storage, 'deleteBefore');
}

/** Whether a storage can delete the records of single actions. */
export function canDeleteUsage(storage: UsageStorage): boolean {
  return hasMethods(storage, 'deleteUsage');
}

/** The storage that the records of a storage get to in the end. */
export function destinationOf(storage: UsageStorage): UsageStorage {
  return storage.destination ?? storage;
}

/** The salts of the first storage that keeps any; null if none does. */
export function findSalts(storages: readonly UsageStorage[]): SaltStore | null {
  const kept = storages.map(destinationOf);
  return kept.find(({ salts }) => hasMethods(salts, 'claim', 'deleteBefore'))?.salts ?? null;
}
