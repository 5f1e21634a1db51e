import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { ALWAYS } from '../../src/summary/periods.js';
import { rowOfMark, touchedRow } from '../../src/summary/manifest.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SummarizedMemory, TODAY, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const startOfDay = (daysAgo: number): number => Date.parse('2026-06-30T00:00:00Z') - daysAgo * DAY_MS;
const ago = (days: number): Date => new Date(TODAY.getTime() - days * DAY_MS);

/** A store after one of whose rows something else happens. */
function withAfter(store: SummaryStore, kind: string, action: () => Promise<unknown>): SummaryStore {
  return {
    prepare: (make, limit) => store.prepare(make, limit),
    find: (query, limit) => store.find(query, limit),
    delete: (query, limit) => store.delete(query, limit),
    async insert(rows, limit) {
      const isNew = await store.insert(rows, limit);
      if (rows.some((row) => row.kind === kind)) await action();
      return isNew;
    },
  };
}

/** What is answered where nothing can be sealed for now. */
const NOT_NOW = { untilMs: null, isMore: false, isComplete: false };

/** What is answered where another call has to go on. */
const later = (untilMs: number | null) => ({ untilMs, isMore: true, isComplete: false });

describe('sealing', () => {
  let world: SummarizedMemory;

  beforeEach(() => {
    world = new SummarizedMemory();
  });

  const writing = (id: string, startMs: number, endMs: number, sinceMs = world.clock.now()) =>
    world.store.insert([rowOfMark({ id, startMs, endMs, isWriting: true, sinceMs }, 'other')], signal);

  it('seals nothing where there is nothing, and nothing that is younger than the cut', async () => {
    expect(await world.sealOnce(2)).to.deep.equal({ untilMs: null, isMore: false, isComplete: true });
    await world.keepAndSettle([makeRecord({ date: ago(1) })]);
    await world.fold();
    expect(await world.prune(2)).to.equal(startOfDay(2));
    expect(world.records.all).to.have.lengthOf(1);
  });

  it('folds the days that are not folded, one after another, and seals them at last', async () => {
    const records = recordsOfDays(4);
    world.records.add(records);
    await world.store.prepare(true, signal);
    for (;;) {
      const { untilMs, isMore } = await world.sealOnce(2);
      const days = (await world.manifest()).units.filter(({ kind }) => kind === 'day');
      const isFolded = ({ date }: { date: Date }): boolean =>
        days.some(({ startMs, endMs }) => date.getTime() >= startMs && date.getTime() < endMs);
      const old = records.filter(({ date }) => date.getTime() < startOfDay(2));
      expect(untilMs).to.equal(isMore ? null : startOfDay(2));
      expect((await world.manifest()).sealedMs).to.equal(untilMs);
      if (isMore) continue;
      expect(old.every(isFolded)).to.equal(true);
      return;
    }
  });

  it('seals a day that was touched only after it is folded anew', async () => {
    await world.keepAndSettle(recordsOfDays(4));
    await world.fold();
    await world.keepAndSettle([makeRecord({ date: ago(4), username: 'late' })]);
    const answers = await world.answers();
    expect(await world.sealOnce(2)).to.deep.equal(later(null));
    expect(await world.prune(2)).to.equal(startOfDay(2));
    expect(await world.answers()).to.deep.equal(answers);
    expect((await world.ask({ by: 'caller', username: 'late' })).rows).to.have.lengthOf(1);
  });

  it('seals no day of which a process may be storing records, and those before it', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.fold();
    await writing('slow', startOfDay(4) + HOUR_MS, startOfDay(4) + HOUR_MS + 5 * MINUTE_MS);
    expect(await world.prune(2)).to.equal(startOfDay(4));
    await world.store.delete({ ids: ['slow'] }, signal);
    expect(await world.prune(2)).to.equal(startOfDay(2));
  });

  it('gives up for now where a mark cannot be folded for long, rather than trying on and on', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.fold();
    await writing('dead', startOfDay(0), startOfDay(0) + 5 * MINUTE_MS);
    await world.store.insert(
      [touchedRow({ startMs: startOfDay(9), endMs: startOfDay(0) + HOUR_MS }, 'other', world.clock.now())],
      signal,
    );
    expect(await world.sealOnce(2)).to.deep.equal(NOT_NOW);
    await world.clock.advance(DAY_MS);
    expect(await world.prune(3)).to.equal(startOfDay(2));
  });

  it('seals nothing while a process deletes records of all of time', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.fold();
    await writing('deleting', ALWAYS.startMs, startOfDay(1));
    for (const timeZone of ['UTC', 'Europe/Berlin'])
      expect(await world.sealOnce(2, {}, { timeZone })).to.deep.equal(NOT_NOW);
    expect((await world.ask({ by: 'server' })).sealedUntil).to.equal(null);
  });

  it('takes the seal back where a process has begun to store records of the days meanwhile', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.fold();
    const answers = await world.answers();
    const mark = () => writing('quick', startOfDay(3), startOfDay(3) + 5 * MINUTE_MS);
    const store = withAfter(world.store, 'manifest', mark);
    expect(await world.sealOnce(2, {}, { store })).to.deep.equal(later(null));
    expect((await world.manifest()).sealedMs).to.equal(null);
    expect(await world.answers()).to.deep.equal(answers);
    expect(await world.prune(2)).to.equal(startOfDay(3));
    expect(await world.answers()).to.deep.equal(answers);
  });

  it('takes the seal back although another process folds in between', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.fold();
    const store = withAfter(world.store, 'manifest', async () => {
      await writing('quick', startOfDay(3), startOfDay(3) + 5 * MINUTE_MS);
      const span = { startMs: startOfDay(1), endMs: startOfDay(1) + 5 * MINUTE_MS };
      await world.store.insert([touchedRow(span, 'other', world.clock.now())], signal);
      await world.fold();
    });
    expect(await world.sealOnce(2, {}, { store })).to.deep.equal(later(null));
    expect((await world.manifest()).confirmedMs).to.equal(null);
    expect(await world.sealOnce(2)).to.deep.equal(later(null));
    expect((await world.manifest()).sealedMs).to.equal(null);
  });

  it('takes a later seal back to the one before', async () => {
    await world.keepAndSettle(recordsOfDays(5));
    await world.prune(4);
    const mark = () => writing('quick', startOfDay(3), startOfDay(3) + 5 * MINUTE_MS);
    const store = withAfter(world.store, 'manifest', mark);
    expect(await world.sealOnce(2, {}, { store })).to.deep.equal(later(startOfDay(4)));
    expect((await world.manifest()).sealedMs).to.equal(startOfDay(4));
  });

  it('seals nothing where another process changes the manifest meanwhile, and does so then', async () => {
    await world.keepAndSettle(recordsOfDays(4));
    await world.fold();
    let isFirst = true;
    const store: SummaryStore = {
      ...withAfter(world.store, 'none', async () => {}),
      async insert(rows, limit) {
        if (isFirst && rows.some(({ kind }) => kind === 'manifest')) {
          isFirst = false;
          await world.sealOnce(3);
        }
        return world.store.insert(rows, limit);
      },
    };
    expect(await world.sealOnce(2, {}, { store })).to.deep.equal(later(null));
    expect((await world.manifest()).sealedMs).to.equal(startOfDay(3));
    expect(await world.sealOnce(2, {}, { store })).to.deep.equal({
      untilMs: startOfDay(2),
      isMore: false,
      isComplete: true,
    });
  });

  it('keeps every answer by the day when the records are deleted, and what is folded later beside it', async () => {
    const records = recordsOfDays(6);
    await world.keepAndSettle(records);
    const answers = await world.answers();
    await world.prune(4);
    expect(world.records.all.length).to.be.below(records.length);
    expect(await world.answers()).to.deep.equal(answers);
    await world.fold();
    await world.prune(2);
    expect(await world.answers()).to.deep.equal(answers);
    const { sealedUntil } = await world.ask({ by: 'server' });
    expect(sealedUntil).to.deep.equal(new Date(startOfDay(2)));
    await world.clock.advance(3 * DAY_MS);
    await world.fold();
    expect(await world.prune(2)).to.equal(startOfDay(-1));
    expect(await world.answers()).to.deep.equal(answers);
  });

  it('refuses a record of a sealed day, and takes one of the day after', async () => {
    await world.keepAndSettle(recordsOfDays(4));
    await world.prune(2);
    const answers = await world.answers();
    const [last, first] = [startOfDay(2) - 1, startOfDay(2)].map((ms) => makeRecord({ date: new Date(ms) }));
    expect(await world.keep([last, first] as never)).to.deep.equal([last]);
    expect(await world.answers()).not.to.deep.equal(answers);
    world.records.delete(({ id }) => id === first?.id);
    expect(await world.answers()).to.deep.equal(answers);
    await world.marker.close();
    await world.clock.advance(DAY_MS);
    await world.fold();
    expect(world.rows('writing', 'touched')).to.deep.equal([]);
  });

  it('refuses questions about a part of a sealed day, and names its ends', async () => {
    await world.keepAndSettle(recordsOfDays(4));
    await world.prune(2);
    for (const dates of [
      { startDate: new Date(startOfDay(3) + 90 * MINUTE_MS) },
      { endDate: new Date(startOfDay(3) + 90 * MINUTE_MS) },
    ]) {
      const error = await caught(world.ask({ by: 'status', period: 'day', ...dates }));
      expect(error).to.be.instanceOf(TrackUsageError).and.include({ code: 'INVALID_QUERY' });
      expect(error.message).to.match(
        /^getSummary: startDate or endDate is within the (?:hour|day) from 2026-06-27T0\d:00:00\.000Z to 2026-06-2/,
      );
      expect(error.message).to.include('which is sealed: only the whole of it can be told');
    }
    const whole = { startDate: new Date(startOfDay(3)), endDate: new Date(startOfDay(2)) };
    expect((await world.ask({ by: 'status', ...whole })).rows).to.have.lengthOf(3);
    expect((await world.ask({ by: 'status', startDate: new Date(startOfDay(2) + 1) })).rows).to.have.lengthOf(
      3,
    );
  });
});
