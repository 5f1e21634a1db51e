import type { Clock } from '../../time/clock.js';
import type { BackoffBounds } from '../../time/backoff.js';
import type { OutboxSettings, SpoolMode } from './outbox.js';
import type { SpoolSettings } from '../spool/spool-contract.js';

/** How a lane works. */
export interface LaneSettings {
  readonly clock: Clock;
  readonly queue: OutboxSettings;
  readonly batch: { readonly maxRecords: number; readonly maxBytes: number; readonly maxDelayMs: number };
  readonly retry: BackoffBounds & { readonly attemptTimeoutMs: number; readonly maxAgeMs: number };
  /** The spool of this lane; null for none. */
  readonly spool: (SpoolSettings & { readonly mode: SpoolMode }) | null;
}
