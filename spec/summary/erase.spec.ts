import { expect } from 'chai';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { blockOf } from '../../src/summary/blocks.js';
import { eraseFromSummaries } from '../../src/summary/erase.js';
import { publish } from '../../src/summary/manifest.js';
import { caught } from '../support/caught.js';
import { SummarizedMemory, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const ADA = { username: 'ada' };

describe('Erasing a person from summaries', () => {
  let world: SummarizedMemory;

  beforeEach(async () => {
    world = new SummarizedMemory();
    await world.keepAndSettle(recordsOfDays(3));
    await world.fold();
    world.records.delete(({ username }) => username === ADA.username);
  });

  /** A store in which other processes are faster so many times. */
  function contested(times: number): SummaryStore {
    let left = times;
    return {
      prepare: (make, limit) => world.store.prepare(make, limit),
      find: (query, limit) => world.store.find(query, limit),
      delete: (query, limit) => world.store.delete(query, limit),
      async insert(rows, limit) {
        if (rows.some(({ kind }) => kind === 'manifest') && left > 0) {
          left -= 1;
          await publish(world.store, await world.manifest(), `faster ${left}`, signal);
        }
        return world.store.insert(rows, limit);
      },
    };
  }

  const rowsOfAda = (): number =>
    world
      .rows('slice', 'hour', 'day')
      .filter((row) => blockOf(row).entries.some(([key]) => key?.includes(ADA.username))).length;

  it('begins anew as often as another process has changed the manifest', async () => {
    expect(rowsOfAda()).to.be.above(0);
    const expected = await world.answers();
    const { periods, sealedUntil } = await eraseFromSummaries(contested(19), ADA, signal);
    expect({ rows: rowsOfAda(), sealedUntil }).to.deep.equal({ rows: 0, sealedUntil: null });
    expect(periods).to.be.above(3);
    expect(await world.answers()).not.to.deep.equal(expected);
    expect((await world.ask({ by: 'caller', ...ADA })).rows).to.deep.equal([]);
    await world.fold();
    expect(rowsOfAda()).to.equal(0);
    expect((await world.ask({ by: 'server' })).live).to.equal(0);
  });

  it('gives up, and says so, where that happens all the time', async () => {
    const error = await caught(eraseFromSummaries(contested(20), ADA, signal));
    expect(error.message).to.include('Erase again.');
    expect(world.rows('fold')).to.deep.equal([]);
  });

  it('copies sealed days without the person, and leaves the totals', async () => {
    const endDate = new Date(Number(await world.prune(2)));
    const totals = await world.ask({ by: 'server', period: 'day', endDate });
    expect(totals.rows).to.have.lengthOf(2);
    const { sealedUntil } = await eraseFromSummaries(contested(1), ADA, signal);
    expect(sealedUntil).to.deep.equal(totals.sealedUntil);
    expect(rowsOfAda()).to.equal(0);
    expect(await world.ask({ by: 'server', period: 'day', endDate })).to.deep.include({
      rows: totals.rows,
      live: 0,
    });
    expect((await world.ask({ by: 'caller', username: 'bob' })).rows).to.have.lengthOf(1);
    expect(world.rows('fold')).to.deep.equal([]);
  });
});
