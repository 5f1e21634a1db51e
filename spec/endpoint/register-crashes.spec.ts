import { expect } from 'chai';
import * as fc from 'fast-check';
import { tidyRegister } from '../../src/endpoint/merging.js';
import { RegisterWriter } from '../../src/endpoint/register-writer.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { MemorySummaryStore } from '../support/memory-summary-store.js';
import { readFrom } from '../support/register.js';
import { declare, writerSettings } from '../support/register-writers.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.parse('2026-03-01T20:00:00Z');
const KEPT_MS = 775 * DAY_MS;

/** Calls of a store that succeed before one fails, and whether that one is done all the same. */
interface Fault {
  readonly calls: number;
  readonly isDone: boolean;
}

/** A store that fails once, as seen by one process; each call waits for its turn. */
function faulty(kept: SummaryStore, turn: () => Promise<unknown>, { calls, isDone }: Fault): SummaryStore {
  let left = calls;
  const call = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    await turn();
    left -= 1;
    if (left !== -1) return act();
    if (isDone) await act();
    throw new Error('The process was killed.');
  };
  return {
    prepare: (make, limit) => call(() => kept.prepare(make, limit)),
    find: (query, limit) => call(() => kept.find(query, limit)),
    insert: (rows, limit) => call(() => kept.insert(rows, limit)),
    delete: (query, limit) => call(() => kept.delete(query, limit)),
  };
}

/** The least and the most that the register may tell of a day. */
interface Bounds {
  least: number;
  most: number;
}

/** An instance, and what it has told of each day for certain, and perhaps. */
class Instance {
  readonly told = new Map<number, Bounds>();
  readonly #writer: RegisterWriter;
  readonly #now: () => number;
  #accepted = 0;
  #dayMs: number;
  #before = 0;

  constructor(store: SummaryStore, now: () => number, index: number) {
    this.#now = now;
    this.#dayMs = startOf(now());
    const figures = () => ({ accepted: this.#accepted, dropped: {}, skipped: {}, endpoints: [] });
    const declared = () => [[declare('/all'), declare(`/own${index}`)]];
    this.#writer = new RegisterWriter(writerSettings(store, now, { figures, declared }));
  }

  async write(requests: number): Promise<void> {
    this.#accepted += requests;
    const changed = [this.#attempt()];
    const dayMs = startOf(this.#now());
    if (dayMs > this.#dayMs) {
      // An instance that has slept for long leaves the day as it was.
      if (this.#now() - (this.#dayMs + DAY_MS) > 12 * HOUR_MS) changed.pop();
      this.#dayMs = dayMs;
      this.#before = this.#accepted;
      changed.push(this.#attempt());
    }
    await this.#writer.write(false, signal);
    for (const bounds of changed) bounds.least = bounds.most;
  }

  #attempt(): Bounds {
    const bounds = this.told.get(this.#dayMs) ?? { least: -1, most: 0 };
    bounds.most = this.#accepted - this.#before;
    this.told.set(this.#dayMs, bounds);
    return bounds;
  }
}

function startOf(ms: number): number {
  return ms - (ms % DAY_MS);
}

const fault = fc.record({ calls: fc.nat(40), isDone: fc.boolean() });
const step = fc.record({
  hours: fc.constantFrom(0, 1, 5, 26, 900),
  writes: fc.uniqueArray(fc.record({ instance: fc.nat(2), requests: fc.nat(3) }), {
    selector: ({ instance }) => instance,
    maxLength: 3,
  }),
  tidies: fc.array(fault, { maxLength: 2 }),
});

describe('The register, while processes write, tidy up and die at any moment', () => {
  it('always tells what was told for certain, and nothing twice', async () => {
    const scene = fc.record({
      faults: fc.tuple(fault, fault, fault),
      steps: fc.array(step, { minLength: 1, maxLength: 12 }),
      scheduler: fc.scheduler(),
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ faults, steps, scheduler }) => {
        const kept = new MemorySummaryStore();
        const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
        let nowMs = START_MS;
        const instances = faults.map(
          (each, index) => new Instance(faulty(kept, turn, each), () => nowMs, index),
        );
        for (const { hours, writes, tidies } of steps) {
          nowMs += hours * HOUR_MS;
          const done = [
            ...writes.map(({ instance, requests }) => (instances[instance] as Instance).write(requests)),
            ...tidies.map((each) => tidyRegister(faulty(kept, turn, each), nowMs, KEPT_MS, signal)),
          ];
          await scheduler.waitFor(Promise.allSettled(done));
          await tellsWithin(kept, instances);
        }
        nowMs += 3 * DAY_MS;
        const { days } = await readFrom({ register: kept });
        for (let times = 0; times < 2; times += 1) await tidyRegister(kept, nowMs, KEPT_MS, signal);
        expect((await readFrom({ register: kept })).days).to.deep.equal(days);
        const rows = kept.rows.filter(({ kind }) => kind === 'watch');
        expect(rows).to.have.lengthOf(days.length);
      }),
      { numRuns: 60 },
    );
  });

  it('tells once of a day that is long over, though the instance fails at the day after and writes again', async () => {
    const kept = new MemorySummaryStore();
    let nowMs = START_MS;
    const instance = (failure: Fault, index: number): Instance =>
      new Instance(
        faulty(kept, () => Promise.resolve(), failure),
        () => nowMs,
        index,
      );
    // Four calls: the place, the builds that are there, a new build and the day that is over.
    const failing = instance({ calls: 4, isDone: false }, 0);
    const other = instance({ calls: Infinity, isDone: false }, 1);
    const tidy = (): Promise<void> => tidyRegister(kept, nowMs, KEPT_MS, signal);
    nowMs += 4 * DAY_MS;
    const [failed] = await Promise.allSettled([failing.write(2)]);
    expect(failed).to.include({ status: 'rejected' });
    await tidy();
    await other.write(3);
    // The rows of the first instance are gone, so that the next merged row no longer names it.
    await tidy();
    await failing.write(0);
    const { days } = await readFrom({ register: kept });
    expect(days[0]).to.include({ instances: 2, accepted: 5 });
  });

  it('always tells of a day that is over as before, however many merge it', async () => {
    const scene = fc.record({
      told: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
      late: fc.array(fc.nat(9), { maxLength: 2 }),
      faults: fc.array(fc.record({ calls: fc.nat(8), isDone: fc.boolean() }), { minLength: 2, maxLength: 4 }),
      scheduler: fc.scheduler(),
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ told, late, faults, scheduler }) => {
        const kept = new MemorySummaryStore();
        let sum = 0;
        const tell = async (store: SummaryStore, accepted: number): Promise<void> => {
          sum += accepted;
          const figures = () => ({ accepted, dropped: {}, skipped: {}, endpoints: [] });
          await new RegisterWriter(writerSettings(store, () => START_MS, { figures })).write(true, signal);
        };
        for (const accepted of told) await tell(kept, accepted);
        const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
        const never = { calls: Infinity, isDone: false };
        for (const accepted of [...late, null]) {
          const tidies = faults.map((each) =>
            tidyRegister(faulty(kept, turn, each), START_MS + 4 * DAY_MS, KEPT_MS, signal),
          );
          const telling = accepted === null ? [] : [tell(faulty(kept, turn, never), accepted)];
          await scheduler.waitFor(Promise.allSettled([...tidies, ...telling]));
          const { days } = await readFrom({ register: kept });
          expect(days).to.have.lengthOf(1);
          expect(days[0]).to.include({ accepted: sum });
        }
      }),
      { numRuns: 200 },
    );
  });
});

async function tellsWithin(register: SummaryStore, instances: readonly Instance[]): Promise<void> {
  const { days, endpoints } = await readFrom({ register });
  const routes = endpoints.map(({ route }) => route);
  const all = new Set(instances.flatMap(({ told }) => [...told.keys()]));
  for (const dayMs of all) {
    const bounds = instances.map(({ told }) => told.get(dayMs) ?? { least: -1, most: -1 });
    const found = days.find(({ start }) => start.getTime() === dayMs);
    const sum = (of: (each: Bounds) => number): number => bounds.reduce((total, each) => total + of(each), 0);
    expect(found?.accepted ?? 0).to.be.within(
      sum(({ least }) => Math.max(0, least)),
      sum(({ most }) => Math.max(0, most)),
    );
    expect(found?.instances ?? 0).to.be.within(
      sum(({ least }) => Number(least >= 0)),
      sum(({ most }) => Number(most >= 0)),
    );
  }
  for (const [index, { told }] of instances.entries())
    if ([...told.values()].some(({ least }) => least >= 0)) expect(routes).to.include(`/own${index}`);
}
