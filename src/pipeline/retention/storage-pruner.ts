import type { Clock } from '../../time/clock.js';
import { TrackUsageError } from '../../errors.js';
import type { DeletingUsageStorage } from '../../storage/usage-storage.js';
import { backoffMs } from '../../time/backoff.js';
import { orAbort } from '../../time/or-abort.js';
import { closedTooSoon, needsSetup } from '../storage-errors.js';
import type { ReportLog } from '../telling/report-log.js';
import { WakeTimer } from '../../time/wake-timer.js';

/** The settings of the tracker that pruners use. */
export interface PrunerSettings {
  readonly clock: Clock;
  /** How long a storage is waited for, in milliseconds. */
  readonly retry: { readonly attemptTimeoutMs: number };
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
  /** When no record that is too old was left, in milliseconds since 1970; null before the first time. */
  lastRunMs: number | null = null;
  readonly #storage: DeletingUsageStorage;
  readonly #keepMs: number;
  readonly #settings: PrunerSettings;
  readonly #log: ReportLog;
  readonly #timer: WakeTimer;
  /** Aborts the deletion under way. */
  #abort: AbortController | null = null;
  /** The storage's answer to the last chunk, which may come after the call has timed out. */
  #answer: Promise<void> | null = null;
  #isClosed = false;
  #failuresInRow = 0;
  readonly #wake = (): void => void this.#run();

  /** @param keepMs - the age from which records are deleted, in milliseconds */
  constructor(storage: DeletingUsageStorage, keepMs: number, settings: PrunerSettings, log: ReportLog) {
    this.#storage = storage;
    this.#keepMs = keepMs;
    this.#settings = settings;
    this.#log = log;
    this.#timer = new WakeTimer(settings.clock);
  }

  /** Begins on the next turn of the event loop. */
  start(): void {
    this.#timer.soon(this.#wake);
  }

  /** Ends the deletion under way; resolves when the storage has answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.stop();
    this.#abort?.abort(closedTooSoon(this.#storage.name));
    await this.#answer;
  }

  async #run(): Promise<void> {
    const delayMs = await this.#deleteChunk();
    if (!this.#isClosed) this.#timer.after(delayMs, false, this.#wake);
  }

  /** @returns when to go on, in milliseconds from now */
  async #deleteChunk(): Promise<number> {
    const { clock } = this.#settings;
    try {
      const deleted = await this.#ask(new Date(clock.now() - this.#keepMs));
      this.deleted += deleted;
      this.#failuresInRow = 0;
      if (deleted === CHUNK_RECORDS) return PAUSE_MS;
      this.lastRunMs = clock.now();
      return HOUR_MS;
    } catch (error) {
      return this.#isClosed ? 0 : this.#fail(error);
    }
  }

  #fail(error: unknown): number {
    this.failures += 1;
    this.#failuresInRow += 1;
    const { name } = this.#storage;
    this.#log.failure(
      `retention ${name}`,
      `old records were not deleted from the storage '${name}'; it is tried again`,
      error,
    );
    return needsSetup(error) ? HOUR_MS : backoffMs(BACKOFF, this.#failuresInRow, Math.random());
  }

  /** Has the storage delete one chunk, and waits for its answer as long as it may take. */
  async #ask(date: Date): Promise<number> {
    const { clock, retry } = this.#settings;
    // A storage that hangs would get one call after another to hang in.
    if (this.#answer !== null) throw unavailable(this.#storage, 'has not answered the last call yet');
    const abort = new AbortController();
    const { signal } = abort;
    const tooSlow = (): void =>
      abort.abort(unavailable(this.#storage, `did not answer within ${retry.attemptTimeoutMs} ms`));
    const timer = clock.setTimeout(tooSlow, retry.attemptTimeoutMs, false);
    this.#abort = abort;
    try {
      const answer = Promise.resolve(this.#storage.deleteBefore(date, CHUNK_RECORDS, signal));
      const end = (): void => void (this.#answer = null);
      this.#answer = answer.then(end, end);
      return checked(this.#storage, await orAbort(answer, signal));
    } finally {
      clock.clearTimeout(timer);
      this.#abort = null;
    }
  }
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
