import type { Clock, TimerHandle } from '../../time/clock.js';
import type { KeptContext } from '../../time/own-context.js';
import type { UsageRecordDraft } from '../../record/usage-record.js';

/** Why a draft did not wait for its parts: too many waited, its time was over, or the tracker was closed. */
export type Impatience = 'full' | 'late' | 'closed';

/**
 * Makes a record of a draft; functions of the application run in the asynchronous context of its request.
 *
 * @param why - null if all parts have come
 */
type Finish = (draft: UsageRecordDraft, asyncContext: KeptContext | null, why: Impatience | null) => void;

/**
 * Where drafts wait for late parts, such as a location. No draft waits longer than its limit: a record is
 * made without a part rather than too late.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #finish: Finish;
  readonly #waiting = new Map<UsageRecordDraft, readonly [TimerHandle, KeptContext | null]>();
  #awaited: { readonly drafts: Set<UsageRecordDraft>; readonly resolve: () => void }[] = [];

  /**
   * @param maxWaiting - drafts that wait at most; any more become records without their late parts
   * @param finish - takes a draft that leaves; it never throws
   */
  constructor(clock: Clock, maxWaiting: number, finish: Finish) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
    this.#finish = finish;
  }

  /**
   * Makes a draft wait until all parts have come, or until its limit is over.
   *
   * @param parts - promises of which none may reject
   */
  add(
    draft: UsageRecordDraft,
    parts: readonly Promise<Partial<UsageRecordDraft>>[],
    maxWaitMs: number,
    asyncContext: KeptContext | null = null,
  ): void {
    if (this.#waiting.size >= this.#maxWaiting) {
      this.#finish(draft, asyncContext, 'full');
      return;
    }
    const timer = this.#clock.setTimeout(() => this.#leave(draft, 'late'), maxWaitMs, false);
    this.#waiting.set(draft, [timer, asyncContext]);
    const arrivals = parts.map(async (part) => {
      const fields = await part;
      // A draft that has left is a record by now, and frozen.
      if (this.#waiting.has(draft)) Object.assign(draft, fields);
    });
    void Promise.all(arrivals).then(() => this.#leave(draft, null));
  }

  /** Lets all drafts leave without the parts that have not come. */
  empty(): void {
    for (const draft of this.#waiting.keys()) this.#leave(draft, 'closed');
  }

  /** Waits until the drafts that wait now have left. Others wait by then, under load always. */
  async left(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const drafts = new Set(this.#waiting.keys());
    await new Promise<void>((resolve) => this.#awaited.push({ drafts, resolve }));
  }

  #leave(draft: UsageRecordDraft, why: Impatience | null): void {
    const waiting = this.#waiting.get(draft);
    if (waiting === undefined) return;
    const [timer, asyncContext] = waiting;
    this.#clock.clearTimeout(timer);
    this.#waiting.delete(draft);
    this.#finish(draft, asyncContext, why);
    for (const { drafts, resolve } of this.#awaited) {
      if (drafts.delete(draft) && drafts.size === 0) resolve();
    }
    this.#awaited = this.#awaited.filter(({ drafts }) => drafts.size > 0);
  }
}
