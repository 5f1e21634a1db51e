import type { Clock } from '../time/clock.js';
import { backoffMs } from '../time/backoff.js';
import { inOwnContext } from '../time/own-context.js';
import { WakeTimer } from '../time/wake-timer.js';
import { type FoldResult, type FoldSettings, foldOnce } from './fold.js';
import { type ForgottenAction, forgetCallers } from './forget.js';
import { look, noteZone } from './manifest.js';
import { ASK_MS } from './marker.js';
import type { Span } from './periods.js';
import { type RebuildProgress, rebuildSpan } from './rebuild.js';
import { type KeptSummaries, type SealResult, sealBefore } from './seal.js';

/** From one look for something to fold to the next, in milliseconds. */
const PERIOD_MS = 10_000;

/** How long summaries that may be new are left alone, in milliseconds: by then every process has found their place, and ended attempts without marks. */
const NEW_MS = 2 * ASK_MS;

/** The pause between two folds while there is more, in milliseconds: folding leaves event loop and database to others. */
const PAUSE_MS = 50;

/** The pauses after failures. */
const BACKOFF = { minDelayMs: 2000, maxDelayMs: 300_000 };

/** A fold that takes longer is given up, in milliseconds. */
const PATIENCE_MS = 600_000;

/** What became of the folding of one storage. */
export interface FolderStats {
  /** The storage's name. */
  readonly storage: string;
  /** The moment before which all records are folded; null before the first fold. */
  readonly foldedUntil: Date | null;
  /** How far that is behind, in milliseconds; some minutes are usual. Null before the first fold. */
  readonly behindMs: number | null;
  /** Hours, days and parts of hours that this process has summed up. */
  readonly folded: number;
  /** Folds that another process was faster with. */
  readonly lost: number;
  /** Folds that failed. */
  readonly failures: number;
  /** The error of the last fold, if it failed; else null. */
  readonly lastError: string | null;
}

/** Folds what one storage's records touch, every few seconds. Never throws. */
export class Folder {
  readonly #name: string;
  readonly #settings: FoldSettings;
  readonly #clock: Clock;
  readonly #timer: WakeTimer;
  readonly #onFailure: (error: unknown) => void;
  #untilMs: number | null = null;
  /** From when on this process folds, by the monotonic clock; null while it has seen no summaries. */
  #fromMs: number | null = null;
  #folded = 0;
  #lost = 0;
  #failures = 0;
  #failuresInRow = 0;
  #lastError: string | null = null;
  #isClosed = false;
  #abort: AbortController | null = null;
  #folding: Promise<unknown> = Promise.resolve();

  /**
   * @param name - the storage's name
   * @param onFailure - learns of the first failure of a row of them
   */
  constructor(name: string, settings: FoldSettings, clock: Clock, onFailure: (error: unknown) => void) {
    this.#name = name;
    this.#settings = settings;
    noteZone(settings.store, settings.timeZone);
    this.#clock = clock;
    this.#timer = new WakeTimer(clock);
    this.#onFailure = onFailure;
  }

  /** Whether the last fold failed. */
  get isFailing(): boolean {
    return this.#failuresInRow > 0;
  }

  /** Begins to fold. */
  start(): void {
    this.#wakeAfter(PERIOD_MS);
  }

  /**
   * Folds now, after the fold under way.
   *
   * @throws any error of the storage
   */
  fold(signal: AbortSignal): Promise<FoldResult> {
    return this.#inTurn(async () => {
      const result = await foldOnce(this.#settings, signal);
      this.#untilMs = result.untilMs;
      this.#folded += result.folded;
      this.#lost += Number(result.isLost);
      return result;
    });
  }

  /**
   * Seals the days before a moment, after the fold under way.
   *
   * @throws any error of the storage
   */
  seal(kept: KeptSummaries, cutMs: number, signal: AbortSignal): Promise<SealResult> {
    return this.#inTurn(() => sealBefore(this.#settings, kept, cutMs, signal));
  }

  /**
   * Erases from sealed days who called actions, after the fold under way.
   *
   * @param sealedMs - the moment before which days are sealed, in milliseconds since 1970
   * @throws any error of the storage
   */
  forget(actions: readonly ForgottenAction[], sealedMs: number, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => forgetCallers(this.#settings, actions, sealedMs, signal));
  }

  /**
   * Sums up again what there is of a span of time.
   *
   * @throws any error of the storage
   */
  rebuild(
    span: Span,
    onProgress: (progress: RebuildProgress) => void,
    signal: AbortSignal,
  ): Promise<RebuildProgress> {
    return rebuildSpan(this.#settings, span, (limit) => this.fold(limit), onProgress, signal);
  }

  /** What became of it so far. */
  stats(): FolderStats {
    const untilMs = this.#untilMs;
    return {
      storage: this.#name,
      foldedUntil: untilMs === null ? null : new Date(untilMs),
      behindMs: untilMs === null ? null : Math.max(0, this.#clock.now() - untilMs),
      folded: this.#folded,
      lost: this.#lost,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /** Ends the fold under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.stop();
    this.#abort?.abort(new Error('The tracker was closed.'));
    await this.#folding;
  }

  #inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const done = this.#folding.then(action, action);
    this.#folding = done.catch(() => {});
    return done;
  }

  #wakeAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer.after(delayMs, false, () => {
      void inOwnContext(() => this.#run());
    });
  }

  /** Whether there have been summaries for so long that all processes make marks. */
  async #mayFold(signal: AbortSignal): Promise<boolean> {
    const nowMs = this.#clock.monotonic();
    if (this.#fromMs === null) {
      const { marks, manifest } = await look(this.#settings.store, signal);
      if (manifest !== null || marks.length > 0) this.#fromMs = nowMs + NEW_MS;
    }
    return this.#fromMs !== null && this.#fromMs <= nowMs;
  }

  async #run(): Promise<void> {
    this.#abort = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      const isMore = (await this.#mayFold(signal)) && (await this.fold(signal)).isMore;
      this.#failuresInRow = 0;
      this.#lastError = null;
      // Processes that began together part.
      this.#wakeAfter(isMore ? PAUSE_MS : PERIOD_MS * (0.75 + Math.random() / 2));
    } catch (error) {
      if (this.#isClosed) return;
      this.#failures += 1;
      this.#failuresInRow += 1;
      this.#lastError = error instanceof Error ? error.message : String(error);
      if (this.#failuresInRow === 1) this.#onFailure(error);
      this.#wakeAfter(backoffMs(BACKOFF, this.#failuresInRow, Math.random()));
    } finally {
      this.#abort = null;
    }
  }
}
