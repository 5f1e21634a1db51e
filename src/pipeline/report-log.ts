import { inspect } from 'node:util';
import type { Clock } from '../clock.js';
import type { DropReason } from './accounting.js';

/** Where lines are written. */
export interface LogTarget {
  warn(message: string): void;
  error(message: string): void;
}

const PREFIX = 'koa-track-usage:';
const QUIET_MS = 60_000;

/** Writes the first line of a kind at once, and then at most one a minute. A logger that throws is left alone. */
export class ReportLog {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  /** When each kind was last written, in milliseconds of the monotonic clock. */
  readonly #writtenAt = new Map<string, number>();
  #unreported = 0;

  constructor(target: LogTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Reports lost records. Those that no line has told of yet are counted in the next one. */
  loss(storage: string | null, reason: DropReason, count: number, error: Error | null): void {
    this.#unreported += count;
    if (!this.#isDue('loss')) return;
    const whose = storage === null ? '' : ` for the storage '${storage}'`;
    const why = error === null ? '' : `: ${describeError(error)}`;
    const lost = this.#unreported === 1 ? 'one record was' : `${this.#unreported} records were`;
    this.#unreported = 0;
    this.#write('error', `${lost} dropped${whose} (${reason})${why}`);
  }

  /** Warns of something that does no harm yet. */
  warn(kind: string, message: string): void {
    if (this.#isDue(kind)) this.#write('warn', message);
  }

  /** Reports a failure. */
  failure(kind: string, message: string, error: unknown): void {
    if (this.#isDue(kind)) this.#write('error', `${message}: ${describeError(error)}`);
  }

  #isDue(kind: string): boolean {
    const now = this.#clock.monotonic();
    const last = this.#writtenAt.get(kind);
    if (last !== undefined && now - last < QUIET_MS) return false;
    this.#writtenAt.set(kind, now);
    return true;
  }

  #write(level: keyof LogTarget, message: string): void {
    try {
      // A logger may be asynchronous, and fail later.
      const written: unknown = this.#target[level](`${PREFIX} ${message}`);
      if (written instanceof Promise) written.catch(() => undefined);
    } catch {
      // There is nobody left to tell.
    }
  }
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
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 500);
}
