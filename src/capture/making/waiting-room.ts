import type { Clock, TimerHandle } from '../../time/clock.js';
import type { KeptContext } from '../../time/own-context.js';
import type { UsageRecordDraft } from '../../record/usage-record.js';

/** Why a draft did not wait for its parts: too many waited, its time was over, or the tracker was closed. */
export type Impatience = 'full' | 'late' | 'closed';

/** The fields that may be late. */
export type LateField = 'username' | 'ipInfo' | 'visitor';

/** A late part of a draft. */
export interface LatePart {
  readonly field: LateField;
  /** The field's value; the promise never rejects. */
  readonly value: Promise<unknown>;
  /** How long a draft waits for it, in milliseconds. */
  readonly maxWaitMs: number;
}

/** The fields that have not come when a draft becomes a record, and why the draft did not wait for them. */
export interface Lack {
  readonly fields: ReadonlySet<LateField>;
  readonly why: Impatience;
}

/**
 * Makes a record of a draft; functions of the application run in the asynchronous context of its request.
 *
 * @param lack - null if all parts have come
 */
export type Finish = (draft: UsageRecordDraft, asyncContext: KeptContext | null, lack: Lack | null) => void;

/** A draft's place in the waiting room. */
interface Place {
  readonly timer: TimerHandle;
  readonly asyncContext: KeptContext | null;
  readonly missing: Set<LateField>;
}

/** Drafts that wait at most, where nobody says otherwise. */
const MOST_WAITING = 10_000;

/**
 * Where drafts wait for late parts, such as a location. No draft waits longer than its limit: a record is
 * made without a part rather than too late.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #finish: Finish;
  readonly #waiting = new Map<UsageRecordDraft, Place>();
  #awaited: { readonly drafts: Set<UsageRecordDraft>; readonly resolve: () => void }[] = [];

  /**
   * @param maxWaiting - drafts that wait at most; any more become records without their late parts. @default 10_000
   * @param finish - takes a draft that leaves; it never throws
   */
  constructor(clock: Clock, maxWaiting: number | undefined, finish: Finish) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting ?? MOST_WAITING;
    this.#finish = finish;
  }

  /** Makes a draft wait until all parts have come, or until the longest of their limits is over. */
  add(draft: UsageRecordDraft, parts: readonly LatePart[], asyncContext: KeptContext | null = null): void {
    const missing = new Set(parts.map(({ field }) => field));
    if (this.#waiting.size >= this.#maxWaiting) {
      this.#finish(draft, asyncContext, { fields: missing, why: 'full' });
      return;
    }
    const maxWaitMs = Math.max(...parts.map((part) => part.maxWaitMs));
    const timer = this.#clock.setTimeout(() => this.#leave(draft, 'late'), maxWaitMs, false);
    this.#waiting.set(draft, { timer, asyncContext, missing });
    const arrivals = parts.map(async ({ field, value }) => {
      const known = await value;
      // A draft that has left is a record by now, and frozen.
      if (this.#waiting.has(draft)) Object.assign(draft, { [field]: known });
      missing.delete(field);
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
    this.#clock.clearTimeout(waiting.timer);
    this.#waiting.delete(draft);
    this.#finish(draft, waiting.asyncContext, why === null ? null : { fields: waiting.missing, why });
    for (const { drafts, resolve } of this.#awaited) {
      if (drafts.delete(draft) && drafts.size === 0) resolve();
    }
    this.#awaited = this.#awaited.filter(({ drafts }) => drafts.size > 0);
  }
}
