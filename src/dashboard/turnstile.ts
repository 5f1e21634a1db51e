import type { Clock } from '../time/clock.js';
import { inTime } from './in-time.js';

/** Work that may wait for its turn. */
const MOST_WAITING = 1000;

/** Too much is waiting, or it has waited too long. */
export class Crowded extends Error {}

/** Lets some work in at a time. Work of one name that is under way is shared by all who ask for it. */
export class Turnstile<Made> {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #underWay = new Map<string, Promise<Made>>();
  readonly #waiting = new Set<() => void>();
  #free: number;

  /**
   * @param atOnce - how much work is done at a time
   * @param timeoutMs - how long work may wait, and how long it may take then, in milliseconds; a place is free again after that
   */
  constructor(clock: Clock, atOnce: number, timeoutMs: number) {
    this.#clock = clock;
    this.#free = atOnce;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Does work, when there is a place for it.
   *
   * @throws {TooLate} if it takes too long; {@link Crowded} if too much is waiting, or it waits too long; else what the work throws
   */
  async pass(name: string, work: () => Promise<Made>): Promise<Made> {
    const known = this.#underWay.get(name);
    if (known !== undefined) return known;
    const made = this.#inTurn(work).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, made);
    return made;
  }

  async #inTurn(work: () => Promise<Made>): Promise<Made> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn();
    try {
      return await inTime(this.#clock, this.#timeoutMs, work);
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** Waits for a place that somebody leaves. */
  async #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const enter = (): void => {
      this.#waiting.delete(enter);
      resolve();
    };
    if (this.#waiting.size < MOST_WAITING) this.#waiting.add(enter);
    else throw new Crowded('Too many pages are asked for at once.');
    try {
      await inTime(this.#clock, this.#timeoutMs, () => promise);
    } catch {
      this.#waiting.delete(enter);
      throw new Crowded('Too many pages are asked for at once, and this one has waited too long.');
    }
  }
}
