import { inspect } from 'node:util';
import { escapeControl } from '../../record/escape-control.js';
import { inOwnContext } from '../../time/own-context.js';
import type { Clock, TimerHandle } from '../../time/clock.js';
import type { DropReason, ErrorSummary } from './accounting.js';
import { needsPerson } from '../storage-errors.js';

/** Where lines are written. */
export interface LogTarget {
  warn(message: string): void;
  error(message: string): void;
}

const PREFIX = 'koa-track-usage:';
const QUIET_MS = 60_000;

/** The kind of the line that tells of dropped records. */
const LOSS = 'loss';

/** Writes the first line of a kind at once, then at most one a minute. Errors of a logger are ignored. */
export class ReportLog {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  /** When each kind was last written, in milliseconds of the monotonic clock. */
  readonly #writtenAt = new Map<string, number>();
  /** Dropped records that no line has told of yet, by storage and reason. */
  readonly #unreported = new Map<string, number>();
  #lastLoss: Error | null = null;
  /** Set while there are dropped records that no line has told of. */
  #lossTimer: TimerHandle | null = null;

  constructor(target: LogTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Reports dropped records: the first at once, later ones in one line when a minute is over. */
  loss(storage: string | null, reason: DropReason, count: number, error: Error | null): void {
    const kind = storage === null ? reason : `${storage} ${reason}`;
    this.#unreported.set(kind, (this.#unreported.get(kind) ?? 0) + count);
    this.#lastLoss = error ?? this.#lastLoss;
    if (this.#isDue(LOSS)) this.reportLosses();
    else this.#lossTimer ??= this.#setTimer();
  }

  /** Reports the records that were dropped since the last line, if any were. */
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

  /** Warns of a problem that does no harm yet. */
  warn(kind: string, message: string): void {
    if (this.#isDue(kind)) this.#write('warn', message);
  }

  /** Reports a failure. One that needs a person is reported even shortly after another of its kind. */
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

  /** The timer does not keep the process alive. */
  #setTimer(): TimerHandle | null {
    const elapsedMs = this.#now() - (this.#writtenAt.get(LOSS) ?? 0);
    try {
      return this.#clock.setTimeout(() => this.reportLosses(), QUIET_MS - elapsedMs, false);
    } catch {
      // The next drop, or the end, reports these records as well.
      return null;
    }
  }

  #clearTimer(): void {
    const timer = this.#lossTimer;
    this.#lossTimer = null;
    try {
      if (timer !== null) this.#clock.clearTimeout(timer);
    } catch {
      // When the timer fires, there is nothing to report.
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

/** A thrown value as an error, whatever traps and getters the value has. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy may refuse to tell its prototype.
  }
  return new Error(describeError(thrown));
}

/** An error's message, or another thrown value, on one line and without control characters. */
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

/** Summarizes an error, whatever getters the error has. */
export function summarizeError(error: Error): ErrorSummary {
  try {
    const { name, message, code } = error as { name: unknown; message: unknown; code?: unknown };
    const hasCode = typeof code === 'string' || typeof code === 'number';
    return Object.freeze({
      name: onOneLine(String(name)),
      message: onOneLine(String(message)),
      code: hasCode ? onOneLine(String(code)) : null,
    });
  } catch {
    return Object.freeze({ name: 'Error', message: describeError(error), code: null });
  }
}

/** Text on one line, without control characters, and not too long. */
function onOneLine(text: string): string {
  return escapeControl(text.replace(/\s+/gu, ' ')).slice(0, 500);
}
