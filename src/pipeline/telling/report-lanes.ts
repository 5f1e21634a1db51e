import type { UsageRecord } from '../../record/usage-record.js';
import type { DropReason } from './accounting.js';
import type { TrackerEvents } from './events.js';
import type { ReportLog } from './report-log.js';

/** Is told what happens in lanes. */
export type LaneObserver = ReturnType<typeof reportLanes>;

/** Turns what happens in lanes into events and log lines. */
export function reportLanes(events: TrackerEvents, log: ReportLog) {
  return {
    /** Records will not be stored; without a storage, there is none to take them. */
    dropped(
      storage: string | null,
      reason: DropReason,
      count: number,
      records: readonly UsageRecord[],
      error: Error | null,
    ): void {
      log.loss(storage, reason, count, error);
      events.emit('drop', { storage, reason, count, records, error });
    },
    /** An attempt failed; the batch is kept. */
    failed(storage: string, error: Error, failures: number): void {
      const message = `the storage '${storage}' failed; its records wait and are tried again`;
      log.failure(`storage ${storage}`, message, error);
      events.emit('error', { storage, error, failures });
    },
    /** The spool could not be written or read, or does not answer. */
    spoolFailed(storage: string, error: Error): void {
      const message = `the spool of the storage '${storage}' fails; records wait in memory as far as there is room`;
      log.failure(`spool ${storage}`, message, error);
      events.emit('error', { storage: `${storage} (spool)`, error, failures: 1 });
    },
    /** A batch was stored. */
    flushed(storage: string, stored: number, durationMs: number): void {
      events.emit('flush', { storage, stored, durationMs });
    },
    /** A batch was stored after attempts that failed. */
    recovered(storage: string, failures: number): void {
      log.warn(
        `recovered ${storage}`,
        `the storage '${storage}' works again after ${failures} failed attempts`,
      );
      events.emit('recover', { storage, failures });
    },
  };
}
