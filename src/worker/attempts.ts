import { toError } from '../pipeline/telling/report-log.js';
import { type BackoffBounds, backoffMs } from '../time/backoff.js';
import type { Clock } from '../time/clock.js';
import { Waiters } from '../time/waiters.js';
import { WakeTimer } from '../time/wake-timer.js';

/** How attempts are made. */
export interface AttemptSettings {
  readonly clock: Clock;
  readonly retry: BackoffBounds;
  /** Learns of a failure. */
  readonly fault: (what: string, error: unknown) => void;
}

/** The attempts at one thing: how many failed, and the pauses after those. */
export class Attempts {
  /** Attempts that failed. */
  failures = 0;
  readonly #what: string;
  readonly #settings: AttemptSettings;
  readonly #timer: WakeTimer;
  readonly #pauses = new Waiters();
  #failuresInRow = 0;

  /** @param what - is attempted, in the words of the log, such as `reading the stream` */
  constructor(what: string, settings: AttemptSettings) {
    this.#what = what;
    this.#settings = settings;
    this.#timer = new WakeTimer(settings.clock);
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#failuresInRow > 0;
  }

  /** Learns that an attempt succeeded. */
  succeeded(): void {
    this.#failuresInRow = 0;
  }

  /** Counts an attempt that failed, tells of it, and waits until it is time for the next one. Never rejects. */
  async failed(error: unknown): Promise<void> {
    const { retry, fault } = this.#settings;
    this.failures += 1;
    this.#failuresInRow += 1;
    fault(this.#what, toError(error));
    this.#timer.after(backoffMs(retry, this.#failuresInRow, Math.random()), true, () => this.hurry());
    await this.#pauses.wait(1);
  }

  /** Ends the pause under way. */
  hurry(): void {
    this.#timer.stop();
    this.#pauses.release(1);
  }
}
