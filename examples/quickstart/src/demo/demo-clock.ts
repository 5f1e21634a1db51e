import { ManualClock } from 'koa-track-usage/testing';

/** A clock that requests put forward by what they take, while nothing else happens; the timers are called afterwards. */
export class DemoClock extends ManualClock {
  #aheadMs = 0;

  override now(): number {
    return super.now() + this.#aheadMs;
  }

  override monotonic(): number {
    return super.monotonic() + this.#aheadMs;
  }

  /** Lets time pass at once. */
  spend(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Lets time pass until a moment, in milliseconds since 1970, unless it is over; what is due is done. */
  async reach(ms: number): Promise<void> {
    const byMs = Math.max(ms, this.now()) - super.now();
    this.#aheadMs = 0;
    await this.advance(byMs);
  }
}
