import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { DAY_MS, MINUTE_MS, SummarizedMemory, TODAY } from '../support/summarized.js';

const { signal } = new AbortController();

/** Records of slices one behind the other. */
function recordsOfSlices(count: number): UsageRecord[] {
  return Array.from({ length: count }, (_, index) =>
    makeRecord({ date: new Date(TODAY.getTime() - 3 * DAY_MS + index * 5 * MINUTE_MS) }),
  );
}

describe('A marker', () => {
  let world: SummarizedMemory;

  beforeEach(() => {
    world = new SummarizedMemory();
  });

  const kinds = (): string[] => world.store.rows.map(({ kind }) => kind);

  it('marks a slice once, however many batches are stored in it', async () => {
    for (const record of [makeRecord({ date: TODAY }), makeRecord({ date: TODAY })])
      await world.keep([record]);
    expect(kinds()).to.deep.equal(['writing']);
  });

  it('says in a row for each day that an import has touched thousands of slices', async () => {
    await world.keepAndSettle(recordsOfSlices(500));
    const spans = world.rows('touched').map(({ startMs, endMs }) => endMs - startMs);
    expect(kinds().length).to.equal(spans.length);
    expect(spans.map((ms) => ms / (5 * MINUTE_MS))).to.have.members([144, 288, 68]);
    await world.fold();
    expect(kinds()).not.to.include('touched');
    expect((await world.ask({ by: 'server' })).live).to.equal(0);
  });

  it('tells others for a day that an attempt has failed, before the next one, and the slice is folded all the same', async () => {
    const [record] = recordsOfSlices(1) as [UsageRecord];
    const failing = (): Promise<never> => Promise.reject(new Error('lost'));
    expect((await caught(world.marker.around([record], signal, failing))).message).to.equal('lost');
    expect(kinds()).to.deep.equal(['writing']);
    await world.marker.around([record], signal, async () => {
      expect(kinds()).to.include('unsure');
      world.records.add([record]);
    });
    await world.clock.advance(6 * MINUTE_MS);
    await world.fold();
    expect(world.rows('unsure', 'writing', 'touched').map(({ kind }) => kind)).to.deep.equal(['unsure']);
    expect((await world.ask({ by: 'server' })).live).to.equal(0);
    await world.clock.advance(DAY_MS);
    await world.keepAndSettle([makeRecord({ date: TODAY })]);
    await world.fold();
    expect(world.rows('unsure')).to.deep.equal([]);
  });
});
