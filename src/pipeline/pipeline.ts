import type { Clock } from '../clock.js';
import { estimateRecordBytes } from '../record/record-size.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import {
  type Counts,
  DROP_REASONS,
  type DropReason,
  countDropped,
  noDrops,
  type StorageStats,
} from './accounting.js';
import { TrackerEvents } from './events.js';
import type { LaneObserver } from './lane-observer.js';
import { type LogTarget, ReportLog } from './report-log.js';
import { type LaneSettings, StorageLane } from './storage-lane.js';

/** How the pipeline works. */
export interface PipelineSettings extends LaneSettings {
  readonly clock: Clock;
  readonly logger: LogTarget;
}

/** What became of all records: the sums over the storages, and each storage's own. */
export interface TrackerStats extends Counts {
  /** One entry a storage; empty until there is one. */
  readonly storages: readonly StorageStats[];
}

/** What became of all records by the time that a tracker was closed. */
export interface CloseResult {
  /** Records that were stored, since the start. */
  readonly stored: number;
  /** Records that were not, since the start; `stats().dropped` has the reasons. */
  readonly dropped: number;
}

/** How long a storage may take to close once there is nothing left to wait for, in milliseconds. */
const CLOSE_GRACE_MS = 200;

/** Hands every record to every storage, each by a lane of its own. */
export class Pipeline {
  /** What happens in here, for the application. */
  readonly events: TrackerEvents;
  readonly #settings: PipelineSettings;
  readonly #findStorages: () => readonly UsageStorage[];
  readonly #log: ReportLog;
  readonly #observer: LaneObserver;
  /** Records that came while there was no storage. */
  readonly #homeless = noDrops();
  #lanes: readonly { readonly storage: UsageStorage; readonly lane: StorageLane }[] | null = null;
  #closing: Promise<CloseResult> | null = null;

  /** @param findStorages - returns at least one storage, or throws what to do */
  constructor(settings: PipelineSettings, findStorages: () => readonly UsageStorage[]) {
    this.#settings = settings;
    this.#findStorages = findStorages;
    this.#log = new ReportLog(settings.logger, settings.clock);
    this.events = new TrackerEvents((error) =>
      this.#log.failure('listener', 'an event listener threw', error),
    );
    this.#observer = observe(this.events, this.#log);
  }

  /** Takes a record. It does no I/O, awaits nothing and never throws. */
  accept(record: UsageRecord): void {
    if (!this.open()) {
      this.#dropHomeless(this.#closing === null ? 'no-storage' : 'late', [record], null);
      return;
    }
    const bytes = estimateRecordBytes(record);
    for (const { lane } of this.#lanes ?? []) lane.accept(record, bytes);
  }

  /** Learns of a failure outside the pipeline, and of the record that it may have cost. */
  fault(what: string, error: unknown, recordLost: boolean): void {
    this.#log.failure(what, `${what} failed`, error);
    if (!recordLost) return;
    const cause = error instanceof Error ? error : null;
    if (this.#lanes === null) this.#dropHomeless('internal', [], cause);
    else for (const { lane } of this.#lanes) lane.lose('internal', cause);
  }

  /** Says once that something is not as it should be. */
  warn(kind: string, message: string): void {
    this.#log.warn(kind, message);
  }

  /**
   * Looks for the storages, if they have not been found yet.
   *
   * @returns whether there are any
   */
  open(): boolean {
    if (this.#lanes !== null) return true;
    if (this.#closing !== null) return false;
    try {
      const storages = this.#findStorages();
      this.#lanes = storages.map((storage) => ({
        storage,
        lane: new StorageLane(storage, this.#settings, this.#observer),
      }));
      return true;
    } catch (error) {
      this.#log.failure('no-storage', 'requests are not tracked', error);
      return false;
    }
  }

  /** Tries to store what is queued now; resolves when it is settled, or a storage's attempt has failed. */
  async flush(): Promise<void> {
    await Promise.all((this.#lanes ?? []).map(({ lane }) => lane.flush()));
  }

  /** Stores what the time allows, drops the rest, and closes the storages. */
  close(timeoutMs: number): Promise<CloseResult> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** The accounts. */
  stats(): TrackerStats {
    const storages = (this.#lanes ?? []).map(({ lane }) => lane.stats());
    const homeless = countDropped(this.#homeless);
    const dropped = { ...this.#homeless };
    for (const reason of DROP_REASONS) dropped[reason] += sum(storages, (stats) => stats.dropped[reason]);
    return {
      accepted: homeless + sum(storages, ({ accepted }) => accepted),
      stored: sum(storages, ({ stored }) => stored),
      queued: sum(storages, ({ queued }) => queued),
      inFlight: sum(storages, ({ inFlight }) => inFlight),
      dropped,
      storages,
    };
  }

  async #close(timeoutMs: number): Promise<CloseResult> {
    await Promise.all(
      (this.#lanes ?? []).map(async ({ storage, lane }) => {
        await lane.close(timeoutMs);
        await this.#closeStorage(storage);
      }),
    );
    const { stored, dropped } = this.stats();
    return { stored, dropped: countDropped(dropped) };
  }

  /** Closes a storage, and does not wait for one that hangs. */
  #closeStorage(storage: UsageStorage): Promise<void> {
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, CLOSE_GRACE_MS, true);
      void closeQuietly(storage, this.#log).then(() => {
        clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  #dropHomeless(reason: DropReason, records: readonly UsageRecord[], error: Error | null): void {
    this.#homeless[reason] += 1;
    this.#log.loss(null, reason, 1, error);
    this.events.emit('drop', { storage: null, reason, count: 1, records, error });
  }
}

async function closeQuietly(storage: UsageStorage, log: ReportLog): Promise<void> {
  try {
    await storage.close?.();
  } catch (error) {
    log.failure('close', `the storage '${storage.name}' did not close`, error);
  }
}

/** Turns what happens in the lanes into events and log lines. */
function observe(events: TrackerEvents, log: ReportLog): LaneObserver {
  return {
    dropped(storage, reason, records, error) {
      // Without records it was lost before it could be made: one.
      const count = records.length || 1;
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

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
