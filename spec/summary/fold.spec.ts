import { expect } from 'chai';
import { foldOnce } from '../../src/summary/fold.js';
import { foldRow, touchedRow } from '../../src/summary/manifest.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { DAY_MS, HOUR_MS, SummarizedMemory, TODAY, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const BERLIN = { timeZone: 'Europe/Berlin' };

describe('A fold', () => {
  let world: SummarizedMemory;

  beforeEach(async () => {
    world = new SummarizedMemory();
    await world.keepAndSettle(recordsOfDays(3));
    await world.fold();
  });

  it('has nothing to do a second time', async () => {
    const rows = world.rows('slice', 'hour', 'day', 'manifest');
    expect(await foldOnce(world.settings, signal)).to.include({ folded: 0, isMore: false, isLost: false });
    expect(world.store.rows).to.deep.equal(rows);
  });

  it('makes everything anew in another time zone', async () => {
    await world.fold(BERLIN);
    expect((await world.manifest()).timeZone).to.equal('Europe/Berlin');
    const { rows, live, timeZone } = await world.ask({ by: 'server', period: 'day' });
    expect({ live, timeZone }).to.deep.equal({ live: 0, ...BERLIN });
    expect(rows.map(({ start }) => start?.getUTCHours())).to.deep.equal([22, 22, 22, 22]);
    const total = rows.reduce((sum, { hits }) => sum + hits, 0);
    expect(total).to.equal(
      world.records.all.reduce((sum, { weight }) => sum + Math.round(weight * 2 ** 20), 0) / 2 ** 20,
    );
  });

  it('refuses another time zone once days are sealed, and changes nothing', async () => {
    await world.prune(2);
    const [rows, answers] = [world.store.rows, await world.answers()];
    const error = await caught(foldOnce({ ...world.settings, ...BERLIN }, signal));
    expect(error).to.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.include("'Europe/Berlin'").and.to.include('set the option back');
    expect(world.store.rows).to.deep.equal(rows);
    expect(await world.answers()).to.deep.equal(answers);
  });

  it('deletes the rows of folds that have died, and none of those under way', async () => {
    const nowMs = TODAY.getTime();
    const [{ kind, dimension, startMs, endMs, data } = touchedRow({ startMs: 0, endMs: 1 }, '-', 0)] =
      world.rows('day');
    const began = { dead: nowMs - 2 * HOUR_MS, living: nowMs };
    for (const [edition, sinceMs] of Object.entries(began)) {
      const row = { id: edition, kind, dimension, startMs, endMs, edition, data };
      await world.store.insert([foldRow(edition, sinceMs), row], signal);
    }
    await world.keepAndSettle([makeRecord({ date: new Date(nowMs - DAY_MS) })]);
    await world.fold();
    const left = world.store.rows.filter(({ edition }) => edition in began).map(({ id }) => id);
    expect(left).to.have.members(['fold.living', 'living']);
  });

  it('keeps rows for a minute that others have replaced, as a reader may be about to read them', async () => {
    const before = world.rows('day');
    await world.keepAndSettle([makeRecord({ date: before.map((row) => new Date(row.startMs))[0] as Date })]);
    await world.fold();
    await world.fold();
    const isThere = (): boolean => world.rows('day').some(({ id }) => id === before[0]?.id);
    expect(isThere()).to.equal(true);
    await world.clock.advance(61_000);
    await world.fold();
    expect(isThere()).to.equal(false);
  });
});
