import type { Clock } from '../../time/clock.js';
import { TrackUsageError } from '../../errors.js';
import type { DeletingUsageStorage, UsageStorage } from '../../storage/usage-storage.js';
import { backoffMs } from '../../time/backoff.js';
import { orAbort } from '../../time/or-abort.js';
import { closedTooSoon, needsSetup } from '../storage-errors.js';
import type { TrackerEvents } from '../telling/events.js';
import { type ReportLog, toError } from '../telling/report-log.js';
import { deletionClock } from './deletion-clock.js';
import { WakeTimer } from '../../time/wake-timer.js';

/** What may be deleted of a storage now. */
export interface Sealed {
  /** The moment before which records may be deleted; null if none may. */
  readonly date: Date | null;
  /** Whether more may be deleted soon. */
  readonly isMore: boolean;
  /** Whether all days that are too old may be; false where records of one may be on their way. */
  readonly isComplete: boolean;
}

/** Is asked before records are deleted: summaries have to tell of them first. */
export type Seal = (storage: UsageStorage, date: Date, signal: AbortSignal) => Promise<Sealed>;

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

/** Records that are deleted at once. On the application's connection, SQLite deletes them on the event loop. */
const CHUNK_RECORDS = 100;

/** The pause behind each chunk, in milliseconds: deleting leaves event loop and database to others. */
const PAUSE_MS = 10;

/** From one run to the next, in milliseconds. */
const HOUR_MS = 3_600_000;

/** The pauses after failures: short at first, as two processes may collide, and never longer than from run to run. */
const BACKOFF = { minDelayMs: 1000, maxDelayMs: HOUR_MS };

/** Deletes old records from one storage: a chunk, a pause, a chunk, and again an hour later. Never throws. */
export class StoragePruner {
  /** Records that were deleted. */
  deleted = 0;
  /** Calls of `deleteBefore` that failed. */
  failures = 0;
  /** Attempts that failed in a row, up to now. */
  failuresInRow = 0;
  /** When no record that is too old was left, in milliseconds since 1970; null before the first time. */
  lastRunMs: number | null = null;
  readonly #storage: DeletingUsageStorage;
  readonly #keepMs: number;
  readonly #settings: PrunerSettings;
  readonly #timer: WakeTimer;
  readonly #now: ReturnType<typeof deletionClock>;
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

  /** @param keepMs - the age from which records are deleted, in milliseconds */
  constructor(storage: DeletingUsageStorage, keepMs: number, settings: PrunerSettings) {
    this.#storage = storage;
    this.#keepMs = keepMs;
    this.#settings = settings;
    this.#timer = new WakeTimer(settings.clock);
    this.#now = deletionClock(storage, settings.clock, (why) =>
      this.#warn(`nothing is deleted from it for a day, as ${why}; if the clock is wrong, set it right`),
    );
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
    this.#isPruning = true;
    try {
      // The chunk under way is not asked for a second time.
      await this.#answer;
      for (let isMore = true; isMore && !this.#isClosed;) {
        const { deleted, isMore: isNext, isComplete } = await this.#ask();
        this.deleted += deleted ?? 0;
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
      const { deleted, isMore, isComplete } = await this.#ask();
      this.failuresInRow = 0;
      this.#needsSetup = false;
      this.deleted += deleted ?? 0;
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
      const answer = this.#delete(abort.signal);
      const end = (): void => void (this.#answer = null);
      this.#answer = answer.then(end, end);
      return await orAbort(answer, abort.signal);
    } finally {
      clock.clearTimeout(timer);
      this.#abort = null;
    }
  }

  async #delete(signal: AbortSignal): Promise<Deletion> {
    const nowMs = await this.#now(signal);
    signal.throwIfAborted();
    if (nowMs === null) return { deleted: null, isMore: false, isComplete: false };
    const cut = new Date(nowMs - this.#keepMs);
    const { seal } = this.#settings;
    const all = { date: cut, isMore: false, isComplete: true };
    const { date, isMore, isComplete } = (await seal?.(this.#storage, cut, signal)) ?? all;
    if (date === null) return { deleted: 0, isMore, isComplete };
    const answer = await this.#storage.deleteBefore(date, CHUNK_RECORDS, signal);
    const deleted = checked(this.#storage, answer);
    return { deleted, isMore: isMore || deleted === CHUNK_RECORDS, isComplete };
  }
}

/** What became of one chunk. */
interface Deletion {
  /** Records that were deleted; null if the time is not known by which they are too old. */
  readonly deleted: number | null;
  readonly isMore: boolean;
  readonly isComplete: boolean;
}

function checked({ name }: DeletingUsageStorage, deleted: unknown): number {
  if (Number.isSafeInteger(deleted) && Number(deleted) >= 0 && Number(deleted) <= CHUNK_RECORDS)
    return Number(deleted);
  throw new TrackUsageError(
    'STORAGE_CONTRACT',
    `The storage '${name}' answered ${String(deleted)} to deleteBefore; expected how many records it deleted, at most ` +
      `the limit of ${CHUNK_RECORDS}.`,
  );
}

function unavailable({ name }: DeletingUsageStorage, what: string): TrackUsageError {
  return new TrackUsageError('STORAGE_UNAVAILABLE', `The storage '${name}' ${what}.`);
}
