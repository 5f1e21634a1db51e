/**
 * Why a record was not stored:
 *
 * - `queue-full`: the queue held as many records or bytes as it may, and there is no spool.
 * - `too-large`: the record alone is larger than the queue.
 * - `refused`: the storage will never take it.
 * - `expired`: it was older than `retry.maxAgeMs` when its turn came.
 * - `spool-full`: the queue was full, and so was the spool, or the disk took in no more in time.
 * - `spool-error`: the queue was full, and the spool could not be written; or a spool's file has vanished.
 * - `spool-corrupt`: it was damaged on disk.
 * - `shutdown-timeout`: it was not stored by the time that `close` had to end.
 * - `late`: it came after `close`.
 * - `no-storage`: there was no storage to keep it.
 * - `internal`: the library itself failed; please report it.
 */
export const DROP_REASONS = [
  'queue-full',
  'too-large',
  'refused',
  'expired',
  'spool-full',
  'spool-error',
  'spool-corrupt',
  'shutdown-timeout',
  'late',
  'no-storage',
  'internal',
] as const;

/** Why a record was not stored. */
export type DropReason = (typeof DROP_REASONS)[number];

/** Dropped records by reason. */
export type DropCounts = Readonly<Record<DropReason, number>>;

/**
 * What became of the records so far. At every instant
 * `accepted = stored + queued + inFlight + spooled + Σ dropped[reason]`.
 */
export interface RecordCounts {
  /** Records that were handed over, or adopted from the spool of a process that died. */
  readonly accepted: number;
  /** Records that the storage has confirmed. */
  readonly stored: number;
  /** Records that wait in memory. */
  readonly queued: number;
  /** Records that the storage is working on. */
  readonly inFlight: number;
  /** Records that wait on disk. */
  readonly spooled: number;
  /** Records that were not stored and will not be, by reason. */
  readonly dropped: DropCounts;
}

/** What a storage threw, as data that JSON can hold. The event `error` has the error itself, with its cause. */
export interface ErrorSummary {
  /** The error's class, such as `TrackUsageError`. */
  readonly name: string;
  /** What failed, on one line of at most 500 characters. */
  readonly message: string;
  /** The error's `code`, such as `STORAGE_UNAVAILABLE` or `ECONNREFUSED`; null if it has none. */
  readonly code: string | null;
}

/** What became of the records of one storage. */
export interface StorageStats extends RecordCounts {
  /** The storage's name. */
  readonly name: string;
  /** Attempts that failed. */
  readonly retries: number;
  /** Attempts that failed in a row, up to now; 0 when the storage works. */
  readonly failures: number;
  /** What the last attempt that failed threw; null if none did. */
  readonly lastError: ErrorSummary | null;
  /** How long ago the oldest request started whose record waits, in milliseconds; null if none does. */
  readonly oldestAgeMs: number | null;
}

/**
 * How a tracker does: all is well; records wait for a storage that fails, or on disk because the queue was full, or the spool
 * cannot be written; or records are or would be lost.
 */
export type Health = 'ok' | 'degraded' | 'failing';

/** Counts that say nothing yet. */
export function noDrops(): Record<DropReason, number> {
  return Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
}

/** Dropped records, whatever the reason. */
export function countDropped(dropped: DropCounts): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
