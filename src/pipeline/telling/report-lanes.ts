import type { TrackerEvents } from './events.js';
import type { LaneObserver } from './lane-observer.js';
import type { ReportLog } from './report-log.js';

/** Turns the observations of lanes into events and log lines. */
export function reportLanes(events: TrackerEvents, log: ReportLog): LaneObserver {
  return {
    dropped(storage, reason, count, records, error) {
      log.loss(storage, reason, count, error);
      events.emit('drop', { storage, reason, count, records, error });
    },
    failed(storage, error, failures) {
      log.failure(
        `storage ${storage}`,
        `the storage '${storage}' failed; its records wait and are tried again`,
        error,
      );
      events.emit('error', { storage, error, failures });
    },
    spoolFailed(storage, error) {
      log.failure(
        `spool ${storage}`,
        `the spool of the storage '${storage}' fails; records wait in memory as far as there is room`,
        error,
      );
      events.emit('error', { storage: `${storage} (spool)`, error, failures: 1 });
    },
    flushed(storage, stored, durationMs) {
      events.emit('flush', { storage, stored, durationMs });
    },
    recovered(storage, failures) {
      log.warn(
        `recovered ${storage}`,
        `the storage '${storage}' works again after ${failures} failed attempts`,
      );
      events.emit('recover', { storage, failures });
    },
  };
}
