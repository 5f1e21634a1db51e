import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { Marker } from '../../src/summary/marker.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SummarizedMemory, TODAY } from '../support/summarized.js';

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

  /** Fails to store a record. */
  async function fail(record: UsageRecord, error: Error): Promise<void> {
    expect(await caught(world.marker.around([record], signal, () => Promise.reject(error)))).to.equal(error);
  }

  const unreached = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
  const known = {
    'the database has refused it': new TrackUsageError('BATCH_REFUSED', 'a constraint'),
    'the table lacks something': new TrackUsageError('STORAGE_SETUP', 'a partition is missing'),
    'the database was not reached': new TrackUsageError('STORAGE_UNAVAILABLE', 'away', unreached),
    'no address of the database was reached': new TrackUsageError(
      'STORAGE_UNAVAILABLE',
      'away',
      new AggregateError([unreached, unreached]),
    ),
  };
  for (const [reason, error] of Object.entries(known))
    it(`leaves nothing of a batch that cannot arrive any more, as ${reason}`, async () => {
      const [record, other] = [makeRecord({ date: TODAY }), makeRecord({ date: TODAY })];
      for (let attempt = 0; attempt < 5; attempt += 1) await fail(record, error);
      await world.keep([other]);
      expect(kinds()).to.deep.equal(['writing']);
      await world.marker.close();
      expect(kinds()).to.deep.equal(['touched']);
    });

  const lost = new TrackUsageError('STORAGE_UNAVAILABLE', 'lost', new AggregateError([]));

  it('keeps the mark of a closed process that does not know whether its records arrive, for a day', async () => {
    await fail(makeRecord({ date: new Date(TODAY.getTime() - 10 * MINUTE_MS) }), lost);
    await world.marker.close();
    await world.clock.advance(DAY_MS - MINUTE_MS);
    await world.fold();
    expect(kinds()).to.deep.equal(['writing']);
    await world.clock.advance(MINUTE_MS);
    await world.fold();
    expect(world.rows('writing', 'touched')).to.deep.equal([]);
  });

  it('tells others once an hour of attempts of which nobody knows, however many fail', async () => {
    const record = makeRecord({ date: TODAY });
    for (let minute = 0; minute < 150; minute += 10) {
      await fail(record, lost);
      await world.clock.advance(10 * MINUTE_MS);
    }
    expect(world.rows('unsure', 'writing')).to.have.lengthOf(6);
    await world.keepAndSettle([record]);
    expect(world.rows('writing')).to.deep.equal([]);
  });

  it('leaves one mark where records were deleted that may come back, until they may not', async () => {
    const date = new Date(TODAY.getTime() - 10 * MINUTE_MS);
    const [record, ...others] = [1, 2, 3, 4].map(() => makeRecord({ date })) as [
      UsageRecord,
      ...UsageRecord[],
    ];
    await fail(record, lost);
    await world.keepAndSettle([record, ...others]);
    const second = new Marker(world.store, true, world.clock);
    for (const marker of [world.marker, second, world.marker])
      await marker.aroundDeletion(others.splice(0, 1), signal, async () => {});
    await second.aroundSpan({ startMs: 0, endMs: TODAY.getTime() }, signal, async () => {});
    await second.close();
    await world.clock.advance(6 * MINUTE_MS);
    await world.fold();
    expect(world.rows('writing')).to.have.lengthOf(1);
    await world.clock.advance(DAY_MS - HOUR_MS);
    expect(world.rows('unsure', 'writing')).to.have.lengthOf(2);
    await world.clock.advance(HOUR_MS);
    await world.marker.aroundDeletion([record], signal, async () => {});
    await world.clock.advance(6 * MINUTE_MS);
    await world.fold();
    expect(world.rows('unsure', 'writing', 'touched')).to.deep.equal([]);
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
