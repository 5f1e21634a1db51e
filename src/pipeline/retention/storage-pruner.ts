import type { Clock } from '../../time/clock.js';
import { TrackUsageError } from '../../errors.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { backoffMs } from '../../time/backoff.js';
import { orAbort } from '../../time/or-abort.js';
import { closedTooSoon, needsSetup } from '../storage-errors.js';
import type { TrackerEvents } from '../telling/events.js';
import { type ReportLog, toError } from '../telling/report-log.js';
import { type Deletion, type KeptRecords, OldRecords, type Seal } from './old-records.js';
import { WakeTimer } from '../../time/wake-timer.js';

/** The settings of the tracker that pruners use. */
export interface PrunerSettings {
  readonly clock: Clock;
  /** How long a storage is waited for, in milliseconds. */
  readonly retry: { readonly attemptTimeoutMs: number };
  /** Null where all that is too old may be deleted. */
  readonly seal: Seal | null;
  readonly log: ReportLog;
  readonly events: TrackerEvents;
}

/** The pause behind each chunk, in milliseconds: deleting leaves event loop and database to others. */
const PAUSE_MS = 10;

/** From one run to the next, in milliseconds. */
const HOUR_MS = 3_600_000;

/** The pauses after failures: short at first, as two processes may collide, and never longer than from run to run. */
const BACKOFF = { minDelayMs: 1000, maxDelayMs: HOUR_MS };

/** Deletes old records from one storage: a chunk, a pause, a chunk, and again an hour later. Never throws. */
export class StoragePruner {
  /** Calls that failed. */
  failures = 0;
  /** Attempts that failed in a row, up to now. */
  failuresInRow = 0;
  /** When no record that is too old was left, in milliseconds since 1970; null before the first time. */
  lastRunMs: number | null = null;
  readonly #storage: UsageStorage;
  readonly #old: OldRecords;
  readonly #settings: PrunerSettings;
  readonly #timer: WakeTimer;
  /** Aborts the deletion under way. */
  #abort: AbortController | null = null;
  /** The storage's answer to the last chunk, which may come after the call has timed out. */
  #answer: Promise<void> | null = null;
  #isClosed = false;
  /** Whether all is being deleted at once, rather than by the hour. */
  #isPruning = false;
  /** Whether the last attempt failed for a reason that only a person can do something about. */
  #needsSetup = false;
  #hasTold = false;
  readonly #wake = (): void => void this.#run();

  constructor(storage: UsageStorage, kept: KeptRecords, settings: PrunerSettings) {
    this.#storage = storage;
    this.#settings = settings;
    this.#timer = new WakeTimer(settings.clock);
    this.#old = new OldRecords(storage, kept, settings, (what) => this.#warn(what));
  }

  /** Records that were deleted. */
  get deleted(): number {
    return this.#old.deleted;
  }

  /** Begins on the next turn of the event loop. */
  start(): void {
    this.#timer.soon(this.#wake);
  }

  /**
   * Deletes all that is too old now, instead of waiting for the next hour.
   *
   * @throws the storage's error
   */
  async prune(): Promise<void> {
    this.#timer.stop();
    this.#old.lookAgain();
    this.#isPruning = true;
    try {
      // The chunk under way is not asked for a second time.
      await this.#answer;
      for (let isMore = true; isMore && !this.#isClosed;) {
        const { isMore: isNext, isComplete } = await this.#ask();
        if (isComplete && !isNext) this.lastRunMs = this.#settings.clock.now();
        isMore = isNext;
      }
      this.#tellFirst();
    } finally {
      this.#isPruning = false;
      if (!this.#isClosed) this.#timer.after(HOUR_MS, false, this.#wake);
    }
  }

  /** Ends the deletion under way; resolves when the storage has answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.stop();
    this.#abort?.abort(closedTooSoon(this.#storage.name));
    this.#tellFirst();
    await this.#answer;
  }

  async #run(): Promise<void> {
    const delayMs = await this.#deleteChunk();
    if (!this.#isClosed && !this.#isPruning) this.#timer.after(delayMs, false, this.#wake);
  }

  /** @returns when to go on, in milliseconds from now */
  async #deleteChunk(): Promise<number> {
    try {
      const { isMore, isComplete } = await this.#ask();
      this.failuresInRow = 0;
      this.#needsSetup = false;
      if (isMore) return PAUSE_MS;
      this.#tellFirst();
      if (isComplete) this.lastRunMs = this.#settings.clock.now();
      return HOUR_MS;
    } catch (error) {
      return this.#isClosed ? 0 : this.#fail(toError(error));
    }
  }

  #fail(error: Error): number {
    const { log, events } = this.#settings;
    const { name } = this.#storage;
    const isTold = this.#needsSetup;
    this.failures += 1;
    this.failuresInRow += 1;
    this.#needsSetup = needsSetup(error);
    if (!isTold || !this.#needsSetup) {
      const message = `old records were not deleted from the storage '${name}'; it is tried again`;
      log.failure(`retention ${name}`, message, error);
      events.emit('error', { storage: `${name} (retention)`, error, failures: this.failuresInRow });
    }
    return this.#needsSetup ? HOUR_MS : backoffMs(BACKOFF, this.failuresInRow, Math.random());
  }

  /** Tells of the first deletion of this process, as nobody may have expected it. */
  #tellFirst(): void {
    if (this.deleted === 0 || this.#hasTold) return;
    this.#hasTold = true;
    this.#warn(`old records deleted from it so far: ${this.deleted}; stats() counts those that follow`);
  }

  #warn(what: string): void {
    const { name } = this.#storage;
    this.#settings.log.warn(`retention ${name}`, `the option retention and the storage '${name}': ${what}`);
  }

  /** Has the storage delete one chunk, and waits for its answer as long as it may take. */
  async #ask(): Promise<Deletion> {
    const { clock, retry } = this.#settings;
    // A storage that hangs would get one call after another to hang in.
    if (this.#answer !== null) throw unavailable(this.#storage, 'has not answered the last call yet');
    const abort = new AbortController();
    const tooSlow = (): void =>
      abort.abort(unavailable(this.#storage, `did not answer within ${retry.attemptTimeoutMs} ms`));
    const timer = clock.setTimeout(tooSlow, retry.attemptTimeoutMs, false);
    this.#abort = abort;
    try {
      const answer = this.#old.deleteChunk(abort.signal);
      const end = (): void => void (this.#answer = null);
      this.#answer = answer.then(end, end);
      return await orAbort(answer, abort.signal);
    } finally {
      clock.clearTimeout(timer);
      this.#abort = null;
    }
  }
}

function unavailable({ name }: UsageStorage, what: string): TrackUsageError {
  return new TrackUsageError('STORAGE_UNAVAILABLE', `The storage '${name}' ${what}.`);
}
