import { expect } from 'chai';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { caught } from '../support/caught.js';
import { DAY_MS, MINUTE_MS, SummarizedMemory, recordsOfDays } from '../support/summarized.js';

const startOfDay = (daysAgo: number): number => Date.parse('2026-06-30T00:00:00Z') - daysAgo * DAY_MS;

describe('retention of summaries', () => {
  let world: SummarizedMemory;

  beforeEach(async () => {
    world = new SummarizedMemory();
    await world.keepAndSettle(recordsOfDays(6));
    await world.fold();
  });

  it('refuses questions by the hour where hours are gone, and answers those by the day', async () => {
    await world.prune(2);
    const answers = await world.answers();
    const hours = await world.ask({ by: 'status', period: 'hour', limit: 100_000 });
    expect(hours.rows.length).to.be.above(20);
    await world.fold({ hoursMs: 4 * DAY_MS });
    const error = await caught(world.ask({ by: 'status', period: 'hour' }));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.include("'period' is 'hour', and of the day from ");
    expect(error.message).to.include('retention has kept no hours');
    expect(await world.answers()).to.deep.equal(answers);
    const since = { period: 'hour', startDate: new Date(startOfDay(3)), limit: 100_000 };
    const { rows } = await world.ask({ by: 'status', ...since });
    expect(rows).to.deep.equal(hours.rows.filter(({ start }) => Number(start) >= startOfDay(3)));
  });

  it('deletes the rows of hours and days that are too old, and no others', async () => {
    await world.prune(2, { daysMs: 5 * DAY_MS });
    await world.fold({ hoursMs: 4 * DAY_MS });
    await world.clock.advance(2 * MINUTE_MS);
    await world.fold({ hoursMs: 4 * DAY_MS });
    const oldest = (kind: 'hour' | 'day' | 'slice'): Date | null => {
      const starts = world.rows(kind).map(({ startMs }) => startMs);
      return starts.length === 0 ? null : new Date(Math.min(...starts));
    };
    expect(oldest('day')).to.deep.equal(new Date(startOfDay(5)));
    expect(Number(oldest('hour'))).to.be.within(startOfDay(4), startOfDay(3));
    expect(Number(oldest('slice') ?? Infinity)).to.be.at.least(startOfDay(2));
    const { rows } = await world.ask({ by: 'server', period: 'day' });
    expect(rows[0]?.start).to.deep.equal(new Date(startOfDay(5)));
  });

  it('deletes rows that name persons when they are too old, and keeps all that name nobody', async () => {
    const [totals] = await world.answers();
    await world.prune(2, { callersMs: 4 * DAY_MS });
    const persons = world
      .rows('day', 'hour', 'slice')
      .filter(({ data }) => /"(?:ada|bob)"/.test(Buffer.from(data, 'base64').toString()));
    expect(persons.length).to.be.above(0);
    expect(persons.filter(({ startMs }) => startMs < startOfDay(4))).to.deep.equal([]);
    expect((await world.answers())[0]).to.deep.equal(totals);
    const callers = await world.ask({ by: 'caller', period: 'day' });
    expect(callers.rows[0]?.start).to.deep.equal(new Date(startOfDay(4)));
    await world.clock.advance(DAY_MS);
    await world.prune(3, { callersMs: 4 * DAY_MS });
    expect((await world.ask({ by: 'caller', period: 'day' })).rows[0]?.start).to.deep.equal(
      new Date(startOfDay(3)),
    );
  });

  it('deletes rows that name persons also where the process died before it could', async () => {
    let isDead = false;
    const store: SummaryStore = {
      prepare: (make, limit) => world.store.prepare(make, limit),
      find: (query, limit) => world.store.find(query, limit),
      insert: async (rows, limit) => {
        isDead ||= rows.some(({ kind }) => kind === 'manifest');
        return world.store.insert(rows, limit);
      },
      delete: (query, limit) =>
        isDead && query.ids === undefined
          ? Promise.reject(new Error('dead'))
          : world.store.delete(query, limit),
    };
    await caught(world.sealOnce(2, { callersMs: 2 * DAY_MS }, { store }));
    expect((await world.manifest()).sealedMs).to.equal(startOfDay(2));
    await world.prune(2, { callersMs: 2 * DAY_MS });
    const callers = world.rows('day', 'hour').filter(({ dimension }) => dimension === 'caller');
    expect(callers.filter(({ startMs }) => startMs < startOfDay(2))).to.deep.equal([]);
  });
});
