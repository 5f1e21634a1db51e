import { expect } from 'chai';
import fc from 'fast-check';
import type { DropReason } from '../../src/pipeline/telling/accounting.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { PipelineSettings } from '../../src/pipeline/pipeline-settings.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { StoreResult } from '../../src/storage/usage-storage.js';
import { expectBalanced } from './accounts.js';
import { KeepingLogger } from './crash-watch.js';
import { FaultyStorage, type Mood } from './faulty-storage.js';
import { QuietClock } from './quiet-clock.js';
import { makeRecord } from './records.js';

/** The longest time that a pipeline is given to close, and what it may take beyond that, in milliseconds. */
const MAX_CLOSE_MS = 3000;
const CLOSE_GRACE_MS = 200;

/** Something that happens to a pipeline, its storages or its clock. */
export type PipelineStep =
  | { readonly accept: number; readonly poisoned: number | null }
  | { readonly advance: number }
  | { readonly storage: number; readonly mood: Mood }
  | { readonly release: number }
  | { readonly flush: true }
  | { readonly close: number };

/** What varies from pipeline to pipeline. */
export interface PipelineShape {
  readonly storages: number;
  readonly overflow: 'drop-newest' | 'drop-oldest';
  readonly queueRecords: number;
  readonly queueBytes: number;
  readonly batchRecords: number;
  readonly attemptTimeoutMs: number;
  readonly maxAgeMs: number;
  readonly spoolBytes: number;
}

/** Pipelines of all sorts, with bounds that are soon reached. */
export const pipelineShapes: fc.Arbitrary<PipelineShape> = fc.record({
  storages: fc.integer({ min: 1, max: 3 }),
  overflow: fc.constantFrom('drop-newest' as const, 'drop-oldest' as const),
  queueRecords: fc.constantFrom(5, 20, 60),
  queueBytes: fc.constantFrom(8000, 1_000_000),
  batchRecords: fc.constantFrom(3, 10),
  attemptTimeoutMs: fc.constantFrom(500, 5000),
  maxAgeMs: fc.constantFrom(3000, 1e12),
  spoolBytes: fc.constantFrom(20_000, 10_000_000),
});

const MOODS: readonly Mood[] = [
  'store',
  'store',
  'reject',
  'throw',
  'hang',
  'hang',
  'refuse-first',
  'garbage',
];

/** Which one of the records that come at a time is refused for ever, if any. */
const POISONED: fc.Arbitrary<number | null> = fc.option(fc.nat(24));

/** Anything that may happen to a pipeline, one thing after the other. */
export const pipelineHistories: fc.Arbitrary<PipelineStep[]> = fc.array(
  fc.oneof(
    weighted(10, fc.record({ accept: fc.integer({ min: 1, max: 25 }), poisoned: POISONED })),
    weighted(8, fc.record({ advance: fc.noBias(fc.nat(3000)) })),
    weighted(7, fc.record({ storage: fc.nat(2), mood: fc.constantFrom(...MOODS) })),
    weighted(5, fc.record({ release: fc.nat(2) })),
    weighted(3, fc.constant({ flush: true })),
    weighted(1, fc.record({ close: fc.nat(MAX_CLOSE_MS) })),
  ),
  { minLength: 5, maxLength: 40 },
);

/** A storage that has somebody look when it is called. */
class WatchedStorage extends FaultyStorage {
  look: () => void = () => {};

  override store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.look();
    return super.store(batch, signal);
  }
}

/** A pipeline, and beside it the books of its records by their ids. */
export class PipelineModel {
  readonly clock = new QuietClock();
  readonly storages: readonly WatchedStorage[];
  readonly #settings: PipelineSettings;
  readonly #pipeline: Pipeline;
  readonly #accepted = new Set<string>();
  /** Why each id was dropped, by storage. */
  readonly #dropped = new Map<string, Map<string, DropReason[]>>();
  /** The first thing that was wrong when something happened within the pipeline. */
  #wrong: Error | null = null;
  #closeByMs = Infinity;
  #isClosed = false;

  constructor(shape: PipelineShape, spool: PipelineSettings['spool']) {
    this.#settings = {
      clock: this.clock,
      logger: new KeepingLogger(),
      queue: { maxRecords: shape.queueRecords, maxBytes: shape.queueBytes, overflow: shape.overflow },
      batch: { maxRecords: shape.batchRecords, maxBytes: 1_000_000, maxDelayMs: 1000 },
      retry: {
        minDelayMs: 100,
        maxDelayMs: 2000,
        attemptTimeoutMs: shape.attemptTimeoutMs,
        maxAgeMs: shape.maxAgeMs,
      },
      spool,
      retention: null,
    };
    this.storages = ['a', 'b', 'c'].slice(0, shape.storages).map((name) => new WatchedStorage(name));
    for (const { name } of this.storages) this.#dropped.set(name, new Map());
    this.#pipeline = this.#open();
  }

  /** Has all of it happen, and expects the accounts to be right after each step. */
  async liveThrough(history: readonly PipelineStep[]): Promise<void> {
    for (const step of history) {
      this.#take(step);
      expectBalanced(this.#pipeline.stats());
      await this.clock.advance('advance' in step ? step.advance : 0);
      this.#expectRight();
    }
  }

  /** Closes the pipeline, unless it is, and lets everything come to its late end. */
  async end(): Promise<void> {
    this.#take({ close: MAX_CLOSE_MS });
    await this.clock.advance(MAX_CLOSE_MS + CLOSE_GRACE_MS);
    this.#expectRight();
    for (const storage of this.storages) storage.release();
    // The last line about losses has its time.
    await this.clock.advance(60_000);
    this.#expectRight();
    expect(this.clock.pendingTimers, 'timers').to.equal(0);
  }

  /** Why records were dropped. */
  get reasons(): Set<DropReason> {
    return new Set([...this.#dropped.values()].flatMap((drops) => [...drops.values()].flat()));
  }

  /** Has another pipeline store what the first has left on disk, and expects every record to be stored or dropped. */
  async inherit(): Promise<void> {
    const left = this.#pipeline.stats().spooled;
    for (const storage of this.storages) storage.mood = 'store';
    const heir = this.#open();
    heir.open();
    await this.clock.advance(60_000);
    // What is refused alone waits until another record is taken.
    const good = makeRecord({ date: new Date(this.clock.now()) });
    this.#accepted.add(good.id);
    heir.accept(good);
    await this.clock.advance(60_000);
    const stats = heir.stats();
    expectBalanced(stats);
    expect(stats).to.include({ queued: 0, inFlight: 0, spooled: 0 });
    // A segment of which a part was settled is adopted as a whole.
    expect(stats.accepted).to.be.at.least(left);
    void heir.close(0);
    await this.clock.advance(CLOSE_GRACE_MS);
    for (const { name, confirmed } of this.storages) {
      const isLost = (id: string): boolean => !confirmed.has(id) && !this.#dropsOf(name).has(id);
      expect([...this.#accepted].filter(isLost), `lost by ${name}`).to.deep.equal([]);
    }
  }

  #open(): Pipeline {
    const pipeline = new Pipeline(this.#settings, () => this.storages);
    pipeline.events.on('drop', ({ storage, reason, count, records }) => {
      const drops = this.#dropsOf(storage ?? '');
      for (const { id } of records) drops.set(id, [...(drops.get(id) ?? []), reason]);
      if (records.length !== count) this.#wrong ??= new Error(`${count} dropped, ${records.length} told of`);
    });
    const look = (): void => this.#look(pipeline);
    for (const event of ['drop', 'flush', 'error', 'recover'] as const) pipeline.events.on(event, look);
    for (const storage of this.storages) storage.look = look;
    return pipeline;
  }

  #take(step: PipelineStep): void {
    if ('accept' in step) this.#accept(step.accept, step.poisoned);
    else if ('mood' in step) this.#storage(step.storage).mood = step.mood;
    else if ('release' in step) this.#storage(step.release).release();
    else if ('flush' in step) void this.#pipeline.flush();
    else if ('close' in step) this.#close(step.close);
  }

  #accept(count: number, poisoned: number | null): void {
    for (let index = 0; index < count; index += 1) {
      const record = makeRecord({ date: new Date(this.clock.now()) });
      this.#accepted.add(record.id);
      if (index === poisoned) for (const { poison } of this.storages) poison.add(record.id);
      this.#pipeline.accept(record);
    }
  }

  #close(timeoutMs: number): void {
    // A second call gets the first one's answer, and so has its time.
    if (this.#closeByMs === Infinity) this.#closeByMs = this.clock.monotonic() + timeoutMs + CLOSE_GRACE_MS;
    void this.#pipeline.close(timeoutMs).then(() => (this.#isClosed = true));
  }

  /** The accounts have to be right at every instant, also while something is under way. */
  #look(pipeline: Pipeline): void {
    try {
      for (const counts of pipeline.stats().storages) expectBalanced(counts);
    } catch (error) {
      this.#wrong ??= error as Error;
    }
  }

  #expectRight(): void {
    if (this.#wrong !== null) throw this.#wrong;
    const stats = this.#pipeline.stats();
    expectBalanced(stats);
    for (const [index, counts] of stats.storages.entries()) {
      const { name, confirmed } = this.#storage(index);
      const { accepted, stored, queued, inFlight, spooled } = counts;
      const drops = this.#dropsOf(name);
      expectBalanced(counts);
      expect(Math.min(queued, inFlight, spooled), JSON.stringify(counts)).to.be.at.least(0);
      expect(accepted).to.equal(this.#accepted.size);
      expect(stored, `stored by ${name}`).to.equal(confirmed.size);
      expect(accepted - stored - queued - inFlight - spooled, `dropped by ${name}`).to.equal(drops.size);
      expect(twice(confirmed), `stored twice by ${name}`).to.deep.equal([]);
      const dropped = [...drops].filter(([id, reasons]) => reasons.length > 1 || confirmed.has(id));
      expect(dropped, `dropped by ${name}, and again or stored`).to.deep.equal([]);
    }
    if (this.clock.monotonic() >= this.#closeByMs) expect(this.#isClosed, 'is closed').to.equal(true);
    if (this.#isClosed) expect(stats).to.include({ queued: 0, inFlight: 0 });
  }

  #storage(index: number): WatchedStorage {
    return this.storages[index % this.storages.length] as WatchedStorage;
  }

  #dropsOf(storage: string): Map<string, DropReason[]> {
    return this.#dropped.get(storage) ?? new Map<string, DropReason[]>();
  }
}

/** Ids that were counted more than once. */
function twice(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

function weighted(weight: number, arbitrary: fc.Arbitrary<PipelineStep>): fc.WeightedArbitrary<PipelineStep> {
  return { weight, arbitrary };
}
