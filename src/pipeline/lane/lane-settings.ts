import type { BackoffBounds } from '../../time/backoff.js';
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
