import type { Clock, TimerHandle } from '../clock.js';
import type { UsageRecordDraft } from '../record/usage-record.js';

/** Drafts that wait at most. More of them go as they are: what they wait for does not keep up. */
const MAX_WAITING = 1000;

/**
 * Where drafts wait for what is learned after their responses, such as a location. None waits longer than it may: a
 * record is made without a part rather than late.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #finish: (draft: UsageRecordDraft) => void;
  readonly #waiting = new Map<UsageRecordDraft, TimerHandle>();
  #idlers: (() => void)[] = [];

  /** @param finish - takes drafts that leave; it never throws */
  constructor(clock: Clock, finish: (draft: UsageRecordDraft) => void) {
    this.#clock = clock;
    this.#finish = finish;
  }

  /**
   * Has a draft wait until all parts have come, or until it may not wait any longer.
   *
   * @param parts - none of them may reject
   */
  add(
    draft: UsageRecordDraft,
    parts: readonly Promise<Partial<UsageRecordDraft>>[],
    maxWaitMs: number,
  ): void {
    if (this.#waiting.size >= MAX_WAITING) {
      this.#finish(draft);
      return;
    }
    this.#waiting.set(
      draft,
      this.#clock.setTimeout(() => this.#leave(draft), maxWaitMs, false),
    );
    const arrivals = parts.map(async (part) => {
      const fields = await part;
      // One that has left is a record, and frozen.
      if (this.#waiting.has(draft)) Object.assign(draft, fields);
    });
    void Promise.all(arrivals).then(() => this.#leave(draft));
  }

  /** Lets everybody go as they are. */
  empty(): void {
    for (const draft of this.#waiting.keys()) this.#leave(draft);
  }

  /** Waits until nobody waits. */
  async idle(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  #leave(draft: UsageRecordDraft): void {
    const timer = this.#waiting.get(draft);
    if (timer === undefined) return;
    this.#clock.clearTimeout(timer);
    this.#waiting.delete(draft);
    this.#finish(draft);
    if (this.#waiting.size > 0) return;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }
}
