import type { UsageRecord } from '../../record/usage-record.js';
import type { FsyncPolicy } from './segment-writer.js';

/** How records are kept on disk. */
export interface SpoolSettings {
  /** The folder of one storage's spool; each process has one of its own in it. */
  readonly dir: string;
  /** Bytes on disk at most. No record is written that would not fit. */
  readonly maxBytes: number;
  /** Estimated bytes that may wait in memory to be written. */
  readonly maxPendingBytes: number;
  /** When what was written is forced to the disk. */
  readonly fsync: FsyncPolicy;
}

/** Who is told what happens in a spool. */
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
  /** It may be that there is something to take, or that what was read cannot be had. */
  ready(): void;
}
