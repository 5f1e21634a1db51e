import { expect } from 'chai';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { forgetCallers } from '../../src/summary/forget.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { DAY_MS, SummarizedMemory, TODAY, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const startOfDay = (daysAgo: number): number => Date.parse('2026-06-30T00:00:00Z') - daysAgo * DAY_MS;
const OF = { serverName: 'spec', controller: 'UserController', action: 'search' };
const SEALED_MS = startOfDay(2);

/** A store as another process has it, of which a call fails. */
function failingAt(store: SummaryStore, call: number): SummaryStore {
  let calls = 0;
  const next = (): void => {
    calls += 1;
    if (calls === call) throw new Error('gone');
  };
  return {
    prepare: (make, limit) => store.prepare(make, limit),
    async find(query, limit) {
      next();
      return store.find(query, limit);
    },
    async insert(rows, limit) {
      next();
      return store.insert(rows, limit);
    },
    async delete(query, limit) {
      next();
      await store.delete(query, limit);
    },
  };
}

describe('forgetting who called an action', () => {
  let world: SummarizedMemory;

  beforeEach(async () => {
    world = new SummarizedMemory();
    const records = recordsOfDays(5, TODAY, 0.125);
    await world.keepAndSettle(
      records.map((record, index) => makeRecord({ ...record, ...(index % 2 === 0 && OF) })),
    );
    await world.fold();
    await world.prune(2);
  });

  const forget = (store: SummaryStore, daysAgo = 3): Promise<void> =>
    forgetCallers(
      { store, timeZone: 'UTC' },
      [{ of: OF, date: new Date(startOfDay(daysAgo) + 1) }],
      SEALED_MS,
      signal,
    );

  /** The answers of all dimensions, but for who called the action before a moment. */
  async function answersWithout(beforeMs: number): Promise<unknown> {
    const answers = (await world.answers()) as {
      by: string;
      period: string;
      rows: { start: Date | null; action?: unknown }[];
    }[];
    return answers
      .filter(({ by, period }) => by !== 'endpointCaller' || period === 'day')
      .map(({ by, period, rows }) => ({
        by,
        period,
        rows: rows.filter(
          ({ start, action }) => by !== 'endpointCaller' || action !== OF.action || Number(start) >= beforeMs,
        ),
      }));
  }

  const callersOfIt = async (): Promise<unknown[]> =>
    (await world.ask({ by: 'endpointCaller', action: OF.action, period: 'hour', limit: 1000 })).rows.map(
      ({ start }) => start,
    );

  it('takes them out of the days before a moment, and nothing else', async () => {
    const [before, answers] = [await callersOfIt(), await answersWithout(startOfDay(3))];
    await forget(world.store);
    expect(await answersWithout(Infinity)).to.not.deep.equal(answers);
    expect(await answersWithout(startOfDay(3))).to.deep.equal(answers);
    const left = before.filter((start) => Number(start) >= startOfDay(3));
    expect(await callersOfIt()).to.deep.equal(left);
    expect(left.length).to.be.within(1, before.length - 1);
    const text = world.rows('day', 'hour').map(({ data, startMs, dimension }) => ({
      isOld: startMs < startOfDay(3) && dimension === 'endpointCaller',
      data: Buffer.from(data, 'base64').toString(),
    }));
    expect(text.filter(({ isOld, data }) => isOld && data.includes('"search"'))).to.deep.equal([]);
  });

  it('touches no day that is not sealed', async () => {
    const open = async () => (await world.manifest()).units.filter(({ endMs }) => endMs > SEALED_MS);
    const [units, callers] = [await open(), await callersOfIt()];
    await forget(world.store, 0);
    expect(await open()).to.deep.equal(units);
    expect(await callersOfIt()).to.deep.equal(callers.filter((start) => Number(start) >= SEALED_MS));
  });

  it('changes nothing when there is nothing left', async () => {
    await forget(world.store);
    const rows = [...world.store.rows];
    await forget(world.store);
    await forget(failingAt(world.store, Infinity));
    expect(world.store.rows).to.deep.equal(rows);
  });

  it('may fail or die at every step: answers stay, and another process goes on', async () => {
    const answers = await answersWithout(startOfDay(3));
    for (let call = 1, error: unknown = null; call === 1 || error !== null; call += 1) {
      error = await caught(forget(failingAt(world.store, call))).catch(() => null);
      expect(await answersWithout(startOfDay(3)), `after call ${call}`).to.deep.equal(answers);
    }
    expect(Number((await callersOfIt())[0])).to.be.at.least(startOfDay(3));
  });
});
