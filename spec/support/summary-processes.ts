import { TrackUsageError } from '../../src/errors.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import type { UsageReader } from '../../src/storage/usage-reader.js';
import { DEFAULT_DIMENSIONS, type Dimension, dimensionOf } from '../../src/summary/dimensions.js';
import { type FoldResult, foldOnce } from '../../src/summary/fold.js';
import { Marker } from '../../src/summary/marker.js';
import type { Clock } from '../../src/time/clock.js';
import { Gate, GatedStore, InjectedFault } from './gate.js';
import type { Outcome } from './summary-histories.js';

/** A clock that is so far off another. */
export function skewed(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, delayMs, keepAlive) => clock.setTimeout(callback, delayMs, keepAlive),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}

/** What a batch does to the records, and when no attempt of it can take effect any more. */
export interface Effect {
  readonly run: () => void;
  readonly untilMs: number;
}

/** A process that stores and deletes records. */
export class WriterProcess {
  readonly gate: Gate;
  readonly marker: Marker;
  readonly #late: Effect[];
  /** Until when the effects of what is under way may come. */
  readonly #underWay = new Set<Effect>();

  constructor(store: SummaryStore, gate: Gate, clock: Clock, late: Effect[]) {
    this.gate = gate;
    this.marker = new Marker(new GatedStore(store, gate), true, clock);
    this.#late = late;
  }

  /** Whether something is under way that would come later than can be. */
  isTooLateAt(ms: number): boolean {
    return [...this.#underWay].some(({ untilMs }) => untilMs < ms);
  }

  /** Deletes records. */
  aroundDeletion(records: readonly UsageRecord[], outcome: Outcome, effect: Effect): void {
    this.#work(effect, (signal) =>
      this.marker.aroundDeletion(records, signal, () => this.#attempt(outcome, effect)),
    );
  }

  /** Stores records. */
  around(records: readonly UsageRecord[], outcome: Outcome, effect: Effect): void {
    this.#work(effect, (signal) => this.marker.around(records, signal, () => this.#attempt(outcome, effect)));
  }

  /** Deletes records by their dates. */
  aroundSpan(
    span: { readonly startMs: number; readonly endMs: number },
    outcome: Outcome,
    effect: Effect,
  ): void {
    this.#work(effect, (signal) =>
      this.marker.aroundSpan(span, signal, () => this.#attempt(outcome, effect)),
    );
  }

  #work(effect: Effect, action: (signal: AbortSignal) => Promise<void>): void {
    this.#underWay.add(effect);
    void action(new AbortController().signal)
      .catch(() => {})
      .finally(() => this.#underWay.delete(effect));
  }

  async #attempt(outcome: Outcome, effect: Effect): Promise<void> {
    await this.gate.pass();
    if (outcome === 'refused') throw new TrackUsageError('BATCH_REFUSED', outcome);
    if (outcome === 'late') this.#late.push(effect);
    if (outcome === 'nothing' || outcome === 'late') throw new InjectedFault(outcome);
    effect.run();
    await this.gate.pass();
    if (outcome === 'answer-lost') throw new InjectedFault(outcome);
  }
}

/** What a process folds by. */
export interface FolderSettings {
  readonly store: SummaryStore;
  readonly reader: Pick<UsageReader, 'streamUsage'>;
  readonly timeZone: string;
  readonly hoursMs: number;
  readonly now: () => number;
}

const DIMENSIONS = DEFAULT_DIMENSIONS.map((name) => dimensionOf(name) as Dimension);

/** A process that folds. */
export class FolderProcess {
  readonly gate: Gate;
  readonly #settings: FolderSettings;
  last: FoldResult | null = null;
  isUnderWay = false;
  /** An error that is no injected one. */
  wrong: unknown = null;

  constructor(settings: FolderSettings, gate: Gate) {
    const { store, reader } = settings;
    this.gate = gate;
    this.#settings = { ...settings, store: new GatedStore(store, gate), reader: gated(reader, gate) };
  }

  /** Begins to fold, unless that is under way. */
  fold(): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    this.last = null;
    void foldOnce({ ...this.#settings, dimensions: DIMENSIONS }, new AbortController().signal)
      .then(
        (result) => (this.last = result),
        (error: unknown) => {
          if (!(error instanceof InjectedFault)) this.wrong = error;
        },
      )
      .finally(() => (this.isUnderWay = false));
  }

  /** Whether nothing happens until the gate is opened. */
  get isAtRest(): boolean {
    return !this.isUnderWay || this.gate.isHolding;
  }
}

/** A reader whose every scan passes a gate. */
export function gated(
  reader: Pick<UsageReader, 'streamUsage'>,
  gate: Gate,
  note: (query: Parameters<UsageReader['streamUsage']>[0]) => void = () => {},
): Pick<UsageReader, 'streamUsage'> {
  return {
    async *streamUsage(query) {
      await gate.call(async () => {});
      note(query);
      yield* reader.streamUsage(query);
    },
  };
}
