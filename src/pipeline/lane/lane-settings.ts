import type { BackoffBounds } from '../../time/backoff.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import type { Clock } from '../../time/clock.js';
import type { RecordSpool, SpoolObserver, SpoolSettings } from '../spool/spool-contract.js';

/** How a lane works. */
export interface LaneSettings {
  readonly clock: Clock;
  readonly queue: QueueSettings;
  readonly batch: { readonly maxRecords: number; readonly maxBytes: number; readonly maxDelayMs: number };
  readonly retry: BackoffBounds & { readonly attemptTimeoutMs: number; readonly maxAgeMs: number };
  /** The spool of this lane; null for none. */
  readonly spool: DiskSpool | OtherSpool | null;
}

/** A spool on this machine's disk. */
export type DiskSpool = SpoolSettings & { readonly mode: SpoolMode };

/** A spool of another kind, which its owner makes. */
export interface OtherSpool {
  readonly mode: SpoolMode;
  open(observer: SpoolObserver): RecordSpool;
}

/** How much waits in memory at most, and where the rest goes. */
export interface QueueSettings {
  readonly maxRecords: number;
  /** Estimated bytes of the records in memory. */
  readonly maxBytes: number;
  /** What happens to a record that finds the queue full, where there is no spool. */
  readonly overflow: 'drop-newest' | 'drop-oldest';
}

/** Whether every record is written to disk before anything else, or only those that the queue has no room for. */
export type SpoolMode = 'overflow' | 'wal';

/** How batches are to be, as far as the application says so. */
export type WantedBatch = Given<LaneSettings['batch']>;

/** How much is to wait in memory, as far as the application says so. */
export type WantedQueue = Pick<QueueSettings, 'overflow'> & Given<Omit<QueueSettings, 'overflow'>>;

type Given<Values> = { readonly [Name in keyof Values]?: Values[Name] | undefined };

const MIB = 1_048_576;

/** How batches are where neither the application nor the storage says so. */
const DEFAULT_BATCH = { maxRecords: 500, maxBytes: 4 * MIB, maxDelayMs: 1000 };

/** How much waits where the application does not say so, unless two batches are more. */
const DEFAULT_QUEUE = { maxRecords: 10_000, maxBytes: 16 * MIB };

/** The bytes of large batches for each of their records: most records have less. */
const RECORD_BYTES = 1600;

/** How the batches of a storage are: as the application wants them, else as the storage does. No record may expire before its batch is due. */
export function batchFor(
  storage: UsageStorage | undefined,
  { batch, retry }: Pick<LaneSettings, 'retry'> & { readonly batch: WantedBatch },
): LaneSettings['batch'] {
  const wished = storage?.batch ?? DEFAULT_BATCH;
  const maxRecords = batch.maxRecords ?? wished.maxRecords;
  return {
    maxRecords,
    maxBytes: batch.maxBytes ?? Math.max(DEFAULT_BATCH.maxBytes, RECORD_BYTES * maxRecords),
    maxDelayMs: batch.maxDelayMs ?? Math.min(wished.maxDelayMs, retry.maxAgeMs / 2),
  };
}

/** How much waits for a storage: as the application wants it, else two batches at least, as one is due before the queue is half full. */
export function queueFor(queue: WantedQueue, batch: LaneSettings['batch']): QueueSettings {
  return {
    maxRecords: queue.maxRecords ?? Math.max(DEFAULT_QUEUE.maxRecords, 2 * batch.maxRecords),
    maxBytes: queue.maxBytes ?? Math.max(DEFAULT_QUEUE.maxBytes, 2 * batch.maxBytes),
    overflow: queue.overflow,
  };
}
