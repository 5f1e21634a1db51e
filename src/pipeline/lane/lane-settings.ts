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
export interface WantedBatch {
  readonly maxRecords?: number | undefined;
  readonly maxBytes: number;
  readonly maxDelayMs?: number | undefined;
}

/** How batches are where neither the application nor the storage says so. */
const DEFAULT_BATCH = { maxRecords: 500, maxDelayMs: 1000 };

/** How the batches of a storage are: as the application wants them, else as the storage does. No record may expire before its batch is due. */
export function batchFor(
  storage: UsageStorage | undefined,
  { batch, retry }: Pick<LaneSettings, 'retry'> & { readonly batch: WantedBatch },
): LaneSettings['batch'] {
  const wished = storage?.batch ?? DEFAULT_BATCH;
  return {
    maxBytes: batch.maxBytes,
    maxRecords: batch.maxRecords ?? wished.maxRecords,
    maxDelayMs: batch.maxDelayMs ?? Math.min(wished.maxDelayMs, retry.maxAgeMs / 2),
  };
}
