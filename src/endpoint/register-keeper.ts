import { backoffMs } from '../time/backoff.js';
import type { Clock } from '../time/clock.js';
import { inOwnContext } from '../time/own-context.js';
import { WakeTimer } from '../time/wake-timer.js';
import type { GoneEndpoint } from './gone-endpoints.js';
import { type RegisterSettings, RegisterWriter } from './register-writer.js';

/** From the first look for what is gone to the first entry, in milliseconds: actions are registered meanwhile. */
const FIRST_MS = 10_000;

/** From one look for something new to the next, in milliseconds. */
const LOOK_MS = 60_000;

/** From one entry to the next, in milliseconds. */
const PERIOD_MS = 3_600_000;

/** The pauses after failures. */
const BACKOFF = { minDelayMs: 2000, maxDelayMs: 300_000 };

/** An entry or a look that takes longer is given up, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What a keeper tells. */
interface KeeperListener {
  /** How many endpoints are declared by now: another number has them entered at once. */
  declaredCount(): number;
  /** Learns what earlier builds declared, and this one does not. */
  gone(endpoints: readonly GoneEndpoint[]): void;
  /** Learns of the first failure of a row of them. */
  failed(error: unknown): void;
}

/** Keeps what one instance enters into the register of one storage up to date. Never throws. */
export class RegisterKeeper {
  readonly #writer: RegisterWriter;
  readonly #clock: Clock;
  readonly #listener: KeeperListener;
  readonly #timer: WakeTimer;
  #knowsGone = false;
  #hasBegun = false;
  #count = -1;
  #writtenMs = -Infinity;
  #startedMs = 0;
  #failures = 0;
  #isClosed = false;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(settings: RegisterSettings, clock: Clock, listener: KeeperListener) {
    this.#writer = new RegisterWriter(settings);
    this.#clock = clock;
    this.#listener = listener;
    this.#timer = new WakeTimer(clock);
  }

  /** Whether the last entry failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Begins to enter. */
  start(): void {
    this.#startedMs = this.#clock.monotonic();
    this.#wakeAfter(FIRST_MS);
  }

  /** Finds out at once what is gone, as a request has come that may be for it. A process that gets none asks for nothing at first, and may end. */
  hurry(): void {
    if (!this.#hasBegun) this.#wakeAfter(0);
  }

  /** Enters for the last time, when the storage has taken its last record. An instance that has seen no request, and has entered nothing, leaves no trace. */
  async close(): Promise<void> {
    this.stop();
    await this.#running;
    if (this.#writer.isIdle) return;
    try {
      await this.#writer.write(true, AbortSignal.timeout(PATIENCE_MS));
    } catch (error) {
      if (this.#failures === 0) this.#listener.failed(error);
    }
  }

  /** Ends the entry under way, and makes none by itself any more. */
  stop(): void {
    this.#isClosed = true;
    this.#timer.stop();
    this.#abort.abort(new Error('The tracker was closed.'));
  }

  #wakeAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer.after(delayMs, false, () => {
      this.#running = inOwnContext(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    this.#hasBegun = true;
    try {
      if (!this.#knowsGone) await this.#findGone();
      const restMs = this.#startedMs + FIRST_MS - this.#clock.monotonic();
      if (restMs <= 0 && this.#isDue()) await this.#enter();
      this.#failures = 0;
      this.#wakeAfter(restMs > 0 ? restMs : LOOK_MS);
    } catch (error) {
      if (this.#isClosed) return;
      this.#failures += 1;
      if (this.#failures === 1) this.#listener.failed(error);
      this.#wakeAfter(backoffMs(BACKOFF, this.#failures, Math.random()));
    }
  }

  #isDue(): boolean {
    const isNew = this.#listener.declaredCount() !== this.#count;
    return isNew || this.#writer.isDayOver || this.#clock.monotonic() - this.#writtenMs >= PERIOD_MS;
  }

  async #findGone(): Promise<void> {
    this.#listener.gone(await this.#writer.findGone(this.#patience()));
    this.#knowsGone = true;
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#abort.signal, AbortSignal.timeout(PATIENCE_MS)]);
  }

  async #enter(): Promise<void> {
    const signal = this.#patience();
    const count = this.#listener.declaredCount();
    const gone = await this.#writer.write(false, signal);
    // Instances that began together part.
    this.#writtenMs = this.#clock.monotonic() - Math.random() * (PERIOD_MS / 4);
    const isFirst = this.#count < 0;
    this.#count = count;
    if (gone === null) return;
    this.#listener.gone(gone);
    if (!isFirst) await this.#writer.tidy(signal);
  }
}
