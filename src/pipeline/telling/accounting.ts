/**
 * Why a record was not stored:
 *
 * - `queue-full`: the queue held as many records or bytes as it may, and there is no spool.
 * - `too-large`: the record alone is larger than the queue.
 * - `refused`: the storage will never take the record.
 * - `expired`: the record had waited longer than `retry.maxAgeMs` when its turn came, or is of a day whose records retention has
 *   deleted.
 * - `spool-full`: the queue was full, and so was the spool, or the disk took in no more in time.
 * - `spool-error`: the queue was full, and the spool could not be written; or a spool's file has vanished.
 * - `spool-corrupt`: the record was damaged on disk, or in the stream that a worker reads.
 * - `shutdown-timeout`: the record was not stored by the time that `close` had to end.
 * - `late`: the record came after `close`.
 * - `no-storage`: there was no storage for the record.
 * - `internal`: no record could be made: `ignore` or `sampleRate` failed, or the library itself; please report the latter.
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
  /** Records that were dropped, by reason. */
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
  /** The error of the last attempt that failed; null if none has failed. */
  readonly lastError: ErrorSummary | null;
  /** Milliseconds since the request of the oldest waiting record started; null if no record waits. */
  readonly oldestAgeMs: number | null;
}

/** What became of all records: the sums over the storages, and each storage's own. */
export interface TrackerStats extends RecordCounts {
  /** Attempts that failed, of all storages. */
  readonly retries: number;
  /** The error of the last attempt of any storage that failed, or of its spool; null if none has failed. */
  readonly lastError: ErrorSummary | null;
  /** Milliseconds since the oldest request whose record waits for any storage started; null if none waits. */
  readonly oldestAgeMs: number | null;
  /** One entry a storage; empty until there is one. */
  readonly storages: readonly StorageStats[];
}

/**
 * How a tracker does. `ok`: all is well. `degraded`: records wait for a storage that fails, or on disk as the
 * queue was full; or the spool cannot be written, or old records not deleted; or actions answer that are not known.
 * `failing`: records are or would be dropped.
 */
export type Health = 'ok' | 'degraded' | 'failing';

/** Counts of no dropped records. */
export function noDrops(): Record<DropReason, number> {
  return Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
}

/** The number of dropped records, over all reasons. */
export function countDropped(dropped: DropCounts): number {
  return sum(Object.values(dropped), (count) => count);
}

/**
 * Adds up the accounts of a tracker's storages.
 *
 * @param unassigned - records that were dropped before there was a storage to count them
 * @param lastError - the error of the last attempt of any storage that failed, or of its spool; null if none
 */
export function sumStats(
  storages: readonly StorageStats[],
  unassigned: DropCounts,
  lastError: ErrorSummary | null,
): TrackerStats {
  const dropped = { ...unassigned };
  for (const reason of DROP_REASONS) dropped[reason] += sum(storages, (stats) => stats.dropped[reason]);
  return {
    accepted: countDropped(unassigned) + sum(storages, ({ accepted }) => accepted),
    stored: sum(storages, ({ stored }) => stored),
    queued: sum(storages, ({ queued }) => queued),
    inFlight: sum(storages, ({ inFlight }) => inFlight),
    spooled: sum(storages, ({ spooled }) => spooled),
    dropped,
    retries: sum(storages, ({ retries }) => retries),
    lastError,
    oldestAgeMs: largest(storages.map(({ oldestAgeMs }) => oldestAgeMs)),
    storages,
  };
}

/** @returns null if no value is known */
function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
