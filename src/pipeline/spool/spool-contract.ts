import type { UsageRecord } from '../../record/usage-record.js';
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
