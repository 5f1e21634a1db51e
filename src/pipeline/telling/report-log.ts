import { inspect } from 'node:util';
import { escapeControl } from '../../record/escape-control.js';
import { inOwnContext } from '../../time/own-context.js';
import type { Clock, TimerHandle } from '../../time/clock.js';
import type { DropReason } from './accounting.js';
import { needsPerson } from '../storage-errors.js';

/** Where lines are written. */
export interface LogTarget {
  warn(message: string): void;
  error(message: string): void;
}

const PREFIX = 'koa-track-usage:';
const QUIET_MS = 60_000;

/** The kind of the line that tells of lost records. */
const LOSS = 'loss';

/** Writes the first line of a kind at once, and then at most one a minute. A logger that throws is left alone. */
export class ReportLog {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  /** When each kind was last written, in milliseconds of the monotonic clock. */
  readonly #writtenAt = new Map<string, number>();
  /** Lost records that no line has told of yet, by storage and reason. */
  readonly #unreported = new Map<string, number>();
  #lastLoss: Error | null = null;
  /** Set while there are such records. */
  #lossTimer: TimerHandle | null = null;

  constructor(target: LogTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Reports lost records: the first at once, those that follow in one line for all of them when a minute is over. */
  loss(storage: string | null, reason: DropReason, count: number, error: Error | null): void {
    const kind = storage === null ? reason : `${storage} ${reason}`;
    this.#unreported.set(kind, (this.#unreported.get(kind) ?? 0) + count);
    this.#lastLoss = error ?? this.#lastLoss;
    if (this.#isDue(LOSS)) this.reportLosses();
    else this.#lossTimer ??= this.#setTimer();
  }

  /** Writes what has been lost since the last line, if anything was. */
  reportLosses(): void {
    this.#clearTimer();
    const counts = [...this.#unreported].map(([kind, count]) => `${kind} ${count}`);
    if (counts.length === 0) return;
    const why = this.#lastLoss === null ? '' : `: ${describeError(this.#lastLoss)}`;
    this.#unreported.clear();
    this.#lastLoss = null;
    this.#writtenAt.set(LOSS, this.#now());
    this.#write('error', `records were dropped (${counts.join(', ')})${why}`);
  }

  /** Warns of something that does no harm yet. */
  warn(kind: string, message: string): void {
    if (this.#isDue(kind)) this.#write('warn', message);
  }

  /** Reports a failure. What a person has to do is said even if another failure of this kind was a moment ago. */
  failure(kind: string, message: string, error: unknown): void {
    if (this.#isDue(needsPerson(error) ? `${kind}, for a person` : kind))
      this.#write('error', `${message}: ${describeError(error)}`);
  }

  #isDue(kind: string): boolean {
    const now = this.#now();
    const last = this.#writtenAt.get(kind);
    if (last !== undefined && now - last < QUIET_MS) return false;
    this.#writtenAt.set(kind, now);
    return true;
  }

  /** A clock that fails must not take the reports of its failure with it. */
  #now(): number {
    try {
      return this.#clock.monotonic();
    } catch {
      return performance.now();
    }
  }

  /** No process has to live for a line. */
  #setTimer(): TimerHandle | null {
    const elapsedMs = this.#now() - (this.#writtenAt.get(LOSS) ?? 0);
    try {
      return this.#clock.setTimeout(() => this.reportLosses(), QUIET_MS - elapsedMs, false);
    } catch {
      // The next loss says the rest, or the end.
      return null;
    }
  }

  #clearTimer(): void {
    const timer = this.#lossTimer;
    this.#lossTimer = null;
    try {
      if (timer !== null) this.#clock.clearTimeout(timer);
    } catch {
      // It finds nothing to say.
    }
  }

  #write(level: keyof LogTarget, message: string): void {
    try {
      // A logger may be asynchronous, and fail later.
      const line = escapeControl(`${PREFIX} ${message}`);
      const written: unknown = inOwnContext(() => this.#target[level](line));
      if (written instanceof Promise) written.catch(() => undefined);
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** What was thrown, as an error; whatever traps and getters it has. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy may refuse to tell its prototype.
  }
  return new Error(describeError(thrown));
}

/** An error's message, or whatever was thrown, on one line and without control characters. */
export function describeError(error: unknown): string {
  let text: string;
  try {
    text =
      error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${inspect(error, { depth: 0 })}`;
  } catch {
    text = 'an error that cannot be shown';
  }
  return onOneLine(text);
}

/** Text on one line, without control characters, and not too long. */
export function onOneLine(text: string): string {
  return escapeControl(text.replace(/\s+/gu, ' ')).slice(0, 500);
}
