import type { UsageRecord } from '../../record/usage-record.js';
import type { TakenBatch } from '../record-queue.js';
import type { FsyncMode } from './segment-writer.js';

/** How records are kept on disk. */
export interface SpoolSettings {
  /** The folder of one storage's spool; each process has one of its own in it. */
  readonly dir: string;
  /** Bytes on disk at most. No record is written that would not fit. */
  readonly maxBytes: number;
  /** Estimated bytes that may wait in memory to be written. */
  readonly maxPendingBytes: number;
  /** When records are forced to the disk. */
  readonly fsync: FsyncMode;
}

/** Is told what happens in a spool. */
export interface SpoolObserver {
  /**
   * Records are not in the spool that it was to take in.
   *
   * @param error - how the file system failed; null if it did not, but records are larger than was estimated and find no room
   */
  returned(records: readonly UsageRecord[], error: Error | null): void;
  /** Records were in the spool and cannot be read any more. */
  lost(reason: 'spool-corrupt' | 'spool-error', count: number, error: Error | null): void;
  /** So many records of processes that died are in the spool now. */
  adopted(count: number): void;
  /** There may be records to take, or records that were read cannot be had. */
  ready(): void;
}

/** Where records wait outside of memory: on this machine's disk, or in a stream. */
export interface RecordSpool {
  /** Records that wait in memory to be written. */
  readonly pending: number;
  /** Records in the spool that are not settled, those that were taken included. */
  readonly length: number;
  /** When the oldest record was made, in milliseconds since 1970; null if that is not known. */
  readonly oldestMs: number | null;
  /** Whether nothing is to be written now. */
  readonly isFailing: boolean;
  /** Whether nothing has been written, or read, since that failed. */
  readonly hasFailed: boolean;
  /** Whether records can be taken at once. */
  readonly isReady: boolean;
  /** Whether records are being read that can be taken soon. */
  readonly isReading: boolean;
  /** Whether the records in the spool can be had, as far as is known. */
  readonly isReadable: boolean;
  /** Whether a record of this size would fit. */
  hasRoom(bytes: number): boolean;
  /** Has a record written. It is in the spool once it has left `pending`. */
  append(record: UsageRecord, bytes: number): void;
  /** Takes the records that were never written, so that others can see to them. */
  takePending(): UsageRecord[];
  /** Waits until all pending records have been written or returned. */
  written(): Promise<void>;
  /** Reads the records that are taken next. Never throws. */
  read(): Promise<void>;
  /** Takes the oldest records; null if there are none, or they cannot be had now. */
  take(maxRecords: number, maxBytes: number): Promise<TakenBatch | null>;
  /** Gives back what the spool holds open. The records that are not settled stay for others. */
  close(): Promise<void>;
}
