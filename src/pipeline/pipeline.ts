import { estimateRecordBytes } from '../record/record-size.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import {
  type DropCounts,
  type DropReason,
  type ErrorSummary,
  type Health,
  type TrackerStats,
  countDropped,
  noDrops,
  sumStats,
} from './telling/accounting.js';
import { TrackerEvents } from './telling/events.js';
import { type PipelineSettings, laneSettingsOf } from './pipeline-settings.js';
import { Retention, type RetentionStats } from './retention/retention.js';
import type { KeptRecords, Seal } from './retention/old-records.js';
import { type LaneObserver, reportLanes } from './telling/report-lanes.js';
import { ReportLog, describeError, summarizeError } from './telling/report-log.js';
import { StorageLane } from './lane/storage-lane.js';
import { inOwnContext } from '../time/own-context.js';
import { within } from '../time/within.js';

/** What became of all records by the time that a tracker was closed. */
export interface CloseResult {
  /** Records that were stored, since the start; one that two storages took counts twice. */
  readonly stored: number;
  /** Records that wait on disk for the next process. */
  readonly spooled: number;
  /** Records that were not stored, since the start; `stats().dropped` has the reasons. */
  readonly dropped: number;
}

/** How long a storage may take to close, and the spool to take in the records that are left, in milliseconds. */
const CLOSE_GRACE_MS = 200;

/** For so long after a loss, a tracker is failing, in milliseconds. */
const FAILING_MS = 60_000;

/** How many open pipelines have each storage: the last one closes the storage. */
const users = new WeakMap<UsageStorage, number>();

/** Hands every record to every storage, each by a lane of its own. */
export class Pipeline {
  /** Tells the application what happens in the pipeline. */
  readonly events: TrackerEvents;
  readonly #settings: PipelineSettings;
  readonly #findStorages: () => readonly UsageStorage[];
  readonly #takeLeave: (storage: UsageStorage) => Promise<void>;
  readonly #log: ReportLog;
  readonly #observer: LaneObserver;
  readonly #droppedWithoutStorage = noDrops();
  readonly #retention: Retention;
  /** One a storage; empty until the storages have been found. */
  #lanes: readonly StorageLane[] = [];
  /** Whether there was no storage when one was looked for. */
  #hasNoStorage = false;
  #closing: Promise<CloseResult> | null = null;
  #lastError: ErrorSummary | null = null;
  /** When a record was last dropped, in milliseconds of the monotonic clock. */
  #lostAtMs: number | null = null;

  /**
   * @param findStorages - returns at least one storage, or throws an error that says what to do
   * @param seal - is asked before records are deleted. @default all that are too old may be
   * @param takeLeave - is called for each storage that has taken its last record, before it is closed; never rejects
   * @param shortLived - the actions with a retention of their own. @default none
   */
  constructor(
    settings: PipelineSettings,
    findStorages: () => readonly UsageStorage[],
    seal: Seal | null = null,
    takeLeave: (storage: UsageStorage) => Promise<void> = async () => {},
    shortLived: KeptRecords['shortLived'] = () => [],
  ) {
    this.#settings = settings;
    this.#findStorages = findStorages;
    this.#takeLeave = takeLeave;
    this.#log = new ReportLog(settings.logger, settings.clock);
    this.events = new TrackerEvents((error) =>
      this.#log.failure('listener', 'an event listener threw', error),
    );
    this.events.on('drop', ({ reason }) => {
      // A record that comes after the end is no failure.
      if (reason !== 'late') this.#lostAtMs = settings.clock.monotonic();
    });
    this.events.on('error', ({ error }) => (this.#lastError = summarizeError(error)));
    this.#observer = reportLanes(this.events, this.#log);
    const { clock, retry, retention } = settings;
    const telling = { log: this.#log, events: this.events };
    const pruning = { clock, retry, seal, ...telling };
    this.#retention = new Retention({ allMs: retention?.records ?? null, shortLived }, pruning);
  }

  /** Takes a record. Does no I/O, awaits nothing and never throws. */
  accept(record: UsageRecord): void {
    if (!this.open()) {
      this.#dropWithoutStorage(this.#closing === null ? 'no-storage' : 'late', [record], null);
      return;
    }
    const bytes = estimateRecordBytes(record);
    for (const lane of this.#lanes) lane.accept(record, bytes);
  }

  /** Learns of a failure outside the pipeline that cost no record. */
  fault(what: string, error: unknown): void {
    this.#log.failure(what, `${what} failed`, error);
  }

  /** Learns of a failure outside the pipeline that cost a record. */
  lost(what: string, error: unknown): void {
    // The line of the loss tells of the failure as well, so that there is one line.
    const cause = new Error(`${what} failed: ${describeError(error)}`, { cause: error });
    inOwnContext(() => {
      if (this.#lanes.length === 0) this.#dropWithoutStorage('internal', [], cause);
      else for (const lane of this.#lanes) lane.lose('internal', cause);
    });
  }

  /** Says, at most once a minute, that something is not as it should be. */
  warn(kind: string, message: string): void {
    this.#log.warn(kind, message);
  }

  /**
   * Looks for the storages, if they have not been found yet.
   *
   * @returns whether there are any
   */
  open(): boolean {
    if (this.#lanes.length > 0) return true;
    if (this.#closing !== null) return false;
    const error = inOwnContext(() => this.#tryOpen());
    this.#hasNoStorage = error !== null;
    if (this.#hasNoStorage) this.#log.failure('no-storage', 'requests are not tracked', error);
    return !this.#hasNoStorage;
  }

  /** The storages, once they have been found. */
  get storages(): readonly UsageStorage[] {
    return this.#lanes.map(({ storage }) => storage);
  }

  /** Records that were dropped as there was no storage to count them. */
  get droppedWithoutStorage(): DropCounts {
    return { ...this.#droppedWithoutStorage };
  }

  /** What became of the records that are too old; null while all are kept until somebody deletes them. */
  get retention(): RetentionStats | null {
    return this.#retention.stats();
  }

  /**
   * Deletes what is too old, now and from all storages.
   *
   * @throws the error of a storage
   */
  async prune(): Promise<RetentionStats | null> {
    this.open();
    await this.#retention.prune();
    return this.retention;
  }

  /** How the tracker does. */
  health(): Health {
    const { clock } = this.#settings;
    if (this.#hasNoStorage) return 'failing';
    if (this.#lostAtMs !== null && clock.monotonic() - this.#lostAtMs < FAILING_MS) return 'failing';
    const isDegraded = this.#lanes.some((lane) => lane.isDegraded) || this.#retention.isFailing;
    return isDegraded ? 'degraded' : 'ok';
  }

  /**
   * Flushes, but not into storages that fail: their next attempt has its time. Records that wait for them in memory go to
   * disk, if there is a spool.
   */
  async flushOrSpool(): Promise<void> {
    await Promise.all(
      this.#lanes.map(async (lane) => {
        if (!lane.isFailing) await lane.flush();
        if (lane.isFailing) lane.spool();
      }),
    );
  }

  /** Drops, at once, the records that are in memory alone: the process exits. */
  abandon(): void {
    for (const lane of this.#lanes) lane.abandon();
    this.#log.reportLosses();
  }

  /** Tries to store the records that are queued now; resolves when they are settled, or a storage's attempt has failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.flush()));
  }

  /** Stores as many records as the time allows, spools or drops the others, and closes the storages. */
  close(timeoutMs: number): Promise<CloseResult> {
    if (this.#closing !== null) return this.#closing;
    // A storage that waits in the container has to be closed, even if no request has come.
    if (this.#lanes.length === 0) this.#tryOpen();
    this.#closing = this.#close(timeoutMs);
    return this.#closing;
  }

  /** What became of the records, of each storage and of all together. */
  stats(): TrackerStats {
    const storages = this.#lanes.map((lane) => lane.stats());
    return sumStats(storages, this.#droppedWithoutStorage, this.#lastError);
  }

  /** @returns the error that was thrown if there is no storage; null if there is one */
  #tryOpen(): unknown {
    try {
      // A storage that is listed twice would get every record twice.
      const storages = [...new Set(this.#findStorages())];
      this.#lanes = storages.map(
        (storage, index) =>
          new StorageLane(storage, laneSettingsOf(this.#settings, storages, index), this.#observer),
      );
      for (const storage of storages) users.set(storage, (users.get(storage) ?? 0) + 1);
      this.#retention.start(storages);
      return null;
    } catch (error) {
      return error;
    }
  }

  async #close(timeoutMs: number): Promise<CloseResult> {
    const { clock } = this.#settings;
    const deadlineMs = clock.monotonic() + timeoutMs;
    const restMs = (): number => Math.max(deadlineMs - clock.monotonic(), 0);
    const retired = this.#retention.close(timeoutMs);
    await Promise.all(
      this.#lanes.map(async (lane) => {
        await lane.close(timeoutMs);
        const finished = lane.finish(restMs() + CLOSE_GRACE_MS);
        // With time left, it can be told what became of every record.
        if (restMs() > 0) await within(clock, restMs(), finished);
        if (restMs() > 0) await within(clock, restMs(), this.#takeLeave(lane.storage));
        await Promise.all([finished, this.#closeStorage(lane.storage, retired)]);
      }),
    );
    this.#log.reportLosses();
    const { stored, spooled, dropped } = this.stats();
    return { stored, spooled, dropped: countDropped(dropped) };
  }

  /**
   * Closes a storage, unless another tracker uses it.
   *
   * @param retired - the end of the deletion that may be under way in it
   */
  async #closeStorage(storage: UsageStorage, retired: Promise<void>): Promise<void> {
    await retired;
    const others = (users.get(storage) ?? 1) - 1;
    users.set(storage, others);
    if (others > 0) return;
    // A storage may throw before it returns a promise.
    const closing = (async () => storage.close?.())().catch((error: unknown) => {
      this.#log.failure('close', `the storage '${storage.name}' did not close`, error);
    });
    if (await within(this.#settings.clock, CLOSE_GRACE_MS, closing)) return;
    this.#log.warn(
      'close',
      `the storage '${storage.name}' was still closing after ${CLOSE_GRACE_MS} ms; it is left to itself.`,
    );
  }

  #dropWithoutStorage(reason: DropReason, records: readonly UsageRecord[], error: Error | null): void {
    this.#droppedWithoutStorage[reason] += 1;
    this.#observer.dropped(null, reason, 1, records, error);
  }
}
