import type { UsageRecord } from '../../record/usage-record.js';
import type { DropReason } from './accounting.js';

/** Observes a lane. */
export interface LaneObserver {
  /** Records will not be stored. */
  dropped(
    storage: string,
    reason: DropReason,
    count: number,
    records: readonly UsageRecord[],
    error: Error | null,
  ): void;
  /** An attempt failed; the batch is kept. */
  failed(storage: string, error: Error, failures: number): void;
  /** The spool could not be written or read, or does not answer. */
  spoolFailed(storage: string, error: Error): void;
  /** A batch was stored. */
  flushed(storage: string, stored: number, durationMs: number): void;
  /** A batch was stored after attempts that failed. */
  recovered(storage: string, failures: number): void;
}
