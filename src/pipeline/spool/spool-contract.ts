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
  /** The file system failed. Records that it was to take in are not in the spool. */
  returned(records: readonly UsageRecord[], error: Error): void;
  /** Records were not written, as they are larger than was estimated, and there is no room for them. */
  overflowed(records: readonly UsageRecord[]): void;
  /** Records were in the spool and cannot be read any more. */
  lost(reason: 'spool-corrupt' | 'spool-error', count: number, error: Error | null): void;
  /** So many records of processes that died are in the spool now. */
  adopted(count: number): void;
  /** It may be that there is something to take, or that what was read cannot be had. */
  ready(): void;
}

/** Records that were taken from one segment. */
export interface SpoolBatch {
  readonly records: readonly UsageRecord[];
  readonly isSpooled: true;
  /** Says that so many of them are stored or dropped. The segment is deleted with its last record. */
  settle(count: number): void;
}
