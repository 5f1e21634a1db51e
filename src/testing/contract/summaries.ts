import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { UsageRecord } from '../../record/usage-record.js';
import type { SummaryRow, SummaryStore } from '../../storage/summary-store.js';
import { isSelected, resolveUsageStreamQuery } from '../../storage/usage-query.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import { type DimensionName, type UsageSummary, isSummaryReader } from '../../storage/usage-summary.js';
import type { ReadableUsageStorage, StorageSummaries } from '../../storage/usage-storage.js';
import { answerSummary } from '../../summary/answer.js';
import { DEFAULT_DIMENSIONS, type Dimension, dimensionOf } from '../../summary/dimensions.js';
import { foldOnce } from '../../summary/fold.js';
import { rejection } from './assertions.js';
import { makeRecord, newestFirst } from './records.js';
import { impatience, insist, isLater, patience, storeAll } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

const TIME_ZONE = 'Europe/Berlin';
const HOUR_MS = 3_600_000;

/** Around noon of the day on which Berlin's clocks go forward, and of those before. */
const START_MS = Date.parse('2026-03-27T18:00:00.000Z');
const HOURS = 60;

/** After so long, all of that is over, and no process can still be storing it. */
const LATER_MS = 48 * HOUR_MS;

const MOST_FOLDS = 200;

/** A person who is erased. */
const ADA = 'user2';

/** A check of the rows of summaries that a storage keeps; a storage without summaries passes. */
function checkRows(
  title: string,
  body: (store: SummaryStore, storage: ReadableUsageStorage) => Promise<void>,
): ContractCheck {
  return check(title, async (storage) => {
    if (!storage.summaries) return;
    const { store } = storage.summaries;
    assert(await store.prepare(true, patience()), 'There is no place for rows of summaries.');
    await body(store, storage);
  });
}

function row(fields: Partial<SummaryRow> = {}): SummaryRow {
  const base = { kind: 'hour', dimension: 'server', startMs: START_MS, endMs: START_MS + HOUR_MS } as const;
  return { id: randomUUID(), ...base, edition: randomUUID(), data: 'eA==', ...fields };
}

/** Records of some days: sampled, failed and aborted ones among them. */
function recordsOfDays(count: number): UsageRecord[] {
  return Array.from({ length: count }, (_, index) =>
    makeRecord({
      date: new Date(START_MS + Math.floor((index * HOURS * HOUR_MS) / count)),
      durationMs: (index * 7.3) % 900,
      status: [200, 201, 404, 500, null][index % 5] as number | null,
      route: `/things/${index % 3}`,
      username: index % 4 === 0 ? null : `user${index % 6}`,
      weight: index % 3 === 0 ? 1 / 0.3 : 1,
      bot: index % 7 === 0,
      aborted: index % 11 === 0,
    }),
  );
}

/** The dimensions that are asked for: a slow server has time for two. */
function asked(isSlow: boolean): readonly DimensionName[] {
  return isSlow ? DEFAULT_DIMENSIONS.slice(0, 2) : DEFAULT_DIMENSIONS;
}

/** Folds all that there is, as a tracker does in time. */
async function foldAll({ store, reader }: StorageSummaries, isSlow = false): Promise<void> {
  const nowMs = Date.now() + LATER_MS;
  const dimensions = asked(isSlow).map((name) => dimensionOf(name) as Dimension);
  const settings = { store, reader, timeZone: TIME_ZONE, dimensions, now: () => nowMs };
  for (let folds = 0; folds < MOST_FOLDS; folds += 1) {
    const { isMore } = await insist(() => foldOnce(settings, patience()), isLater);
    if (!isMore) return;
  }
  assert.fail(`There was more to fold after ${MOST_FOLDS} folds.`);
}

/** Reads records as a storage would that had each of them once. */
function readerOf(records: readonly UsageRecord[]): Pick<UsageReader, 'streamUsage'> {
  return {
    async *streamUsage(query) {
      const selection = resolveUsageStreamQuery(query);
      yield* records.filter((record) => isSelected(record, selection)).toSorted(newestFirst);
    },
  };
}

/** Asserts that a storage answers as its records do. */
async function answersAsRecords(
  { reader }: ReadableUsageStorage,
  records: readonly UsageRecord[],
  isSlow = false,
): Promise<void> {
  assert(isSummaryReader(reader), 'Its reader has no getSummary.');
  for (const by of asked(isSlow)) {
    for (const period of isSlow
      ? (['hour', 'total'] as const)
      : (['hour', 'day', 'month', 'total'] as const)) {
      const query = { by, period, limit: 100_000 };
      const found: UsageSummary<string> = await reader.getSummary<string>(query);
      const source = { reader: readerOf(records), store: null, timeZone: found.timeZone };
      const expected = await answerSummary(source, query);
      assert.deepEqual(found.rows, expected.rows, `${by} by ${period}`);
    }
  }
}

/** How requests are summed up, by storages that keep summaries. */
export const SUMMARIES: readonly ContractCheck[] = [
  checkRows('keep rows as they were given, and find them by each of their fields', async (store) => {
    const rows = [row(), row({ kind: 'day' }), row({ dimension: 'caller' }), row({ startMs: START_MS + 1 })];
    const long = row({ kind: 'slice', data: Buffer.alloc(150_000, 'summary').toString('base64') });
    assert(await store.insert([...rows, long], patience()));
    const [first, day, caller, later] = rows as [SummaryRow, SummaryRow, SummaryRow, SummaryRow];
    const find = async (query: Parameters<SummaryStore['find']>[0]): Promise<string[]> =>
      (await store.find(query, patience())).map(({ id }) => id).toSorted();
    assert.deepEqual(await store.find({ ids: [long.id] }, patience()), [long]);
    assert.deepEqual(await find({ kinds: ['day'] }), [day.id]);
    assert.deepEqual(await find({ dimension: 'caller' }), [caller.id]);
    assert.deepEqual(await find({ edition: first.edition }), [first.id]);
    assert.deepEqual(await find({ kinds: ['hour'], fromMs: START_MS + 1 }), [later.id]);
    assert.deepEqual(
      await find({ kinds: ['hour', 'day'], beforeMs: START_MS + 1 }),
      [first.id, day.id, caller.id].toSorted(),
    );
    assert.deepEqual(await find({ ids: [] }), []);
    await store.delete({ edition: first.edition }, patience());
    await store.delete({ ids: [day.id, caller.id] }, patience());
    assert.deepEqual(await find({}), [later.id, long.id].toSorted());
  }),

  checkRows('take a row with an id once', async (store) => {
    const kept = row();
    assert.equal(await store.insert([kept], patience()), true);
    assert.equal(await store.insert([row({ id: kept.id })], patience()), false);
    assert.deepEqual(await store.find({ ids: [kept.id] }, patience()), [kept]);
  }),

  checkRows('of two rows with an id at once take one', async (store) => {
    const id = randomUUID();
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => insist(() => store.insert([row({ id })], patience()), isLater)),
    );
    assert.equal(outcomes.filter(Boolean).length, 1);
  }),

  checkRows('keep no row for somebody who has stopped waiting', async (store) => {
    const unwanted = row();
    await rejection(store.insert([unwanted], impatience()));
    assert.deepEqual(await store.find({ ids: [unwanted.id] }, patience()), []);
  }),

  checkRows('are no records', async (store, storage) => {
    await store.insert([row()], patience());
    assert.equal(await storage.reader.countUsage(), 0);
  }),

  check('answer as the records do, of which none is folded', async (storage, { isSlow }) => {
    if (!isSummaryReader(storage.reader)) return;
    const records = recordsOfDays(40);
    await storeAll(storage, records);
    await answersAsRecords(storage, records, isSlow);
  }),

  checkWith(
    'reopen',
    'answer as the records do, folded, and after later ones, some again, and deletions',
    async (storage, reopen, { isSlow }) => {
      if (!storage.summaries) return;
      const records = recordsOfDays(isSlow === true ? 12 : 400);
      await storeAll(storage, records);
      // A process that ends says that it stores no more.
      let open = await reopen();
      await foldAll(open.summaries as StorageSummaries, isSlow);
      const { folded, live } = await total(open);
      assert(folded > 0 && live === 0, `${folded} periods were folded, and ${live} records were not.`);
      await answersAsRecords(open, records, isSlow);

      const late = recordsOfDays(12);
      await storeAll(open, [...late, ...records.slice(0, 20)]);
      await answersAsRecords(open, [...records, ...late], isSlow);
      await open.close?.();
      open = await reopen();
      await foldAll(open.summaries as StorageSummaries, isSlow);
      await answersAsRecords(open, [...records, ...late], isSlow);
      assert.equal((await total(open)).live, 0);

      await erasesFrom(open, [...records, ...late], isSlow);
      records.splice(0, records.length, ...records.filter(isNotAda));
      late.splice(0, late.length, ...late.filter(isNotAda));

      if (open.deleteBefore === undefined) return;
      const cut = new Date(START_MS + 20 * HOUR_MS);
      await open.deleteBefore(cut, 10_000, patience());
      const left = [...records, ...late].filter(({ date }) => date >= cut);
      await answersAsRecords(open, left, isSlow);
      await foldAll(open.summaries as StorageSummaries, isSlow);
      await answersAsRecords(open, left, isSlow);
    },
  ),

  checkWith(
    'openAnother',
    'answer as the records do, however many fold at once',
    async (storage, openAnother, { isSlow }) => {
      if (!storage.summaries) return;
      const other = await openAnother();
      const records = recordsOfDays(60);
      await storeAll(storage, records.slice(0, 40));
      await storeAll(other, records.slice(20));
      // The marks of both are taken for those of processes that are gone.
      await Promise.all([storage, other].map((one) => foldAll(one.summaries as StorageSummaries, isSlow)));
      await answersAsRecords(storage, records, isSlow);
      await answersAsRecords(other, records, isSlow);
    },
  ),
];

const isNotAda = ({ username }: UsageRecord): boolean => username !== ADA;

/** Asserts that a person is in no row of summaries after an erasure, and in no answer. */
async function erasesFrom(
  storage: ReadableUsageStorage,
  records: readonly UsageRecord[],
  isSlow = false,
): Promise<void> {
  const { store } = storage.summaries as StorageSummaries;
  const rowsOfAda = async (): Promise<SummaryRow[]> =>
    (await store.find({ kinds: ['day', 'hour', 'slice'] }, patience())).filter(({ data }) =>
      Buffer.from(data, 'base64').includes(JSON.stringify(ADA)),
    );
  assert((await rowsOfAda()).length > 0, 'No summary named the person before.');
  const report = await insist(() => storage.erase?.({ username: ADA }, patience()) ?? assert.fail(), isLater);
  assert.equal(report.records, records.filter((record) => !isNotAda(record)).length);
  assert(report.summaries > 0, 'The report tells of no summary.');
  assert.deepEqual(await rowsOfAda(), []);
  await answersAsRecords(storage, records.filter(isNotAda), isSlow);
  await storage.summaries?.settle();
  await foldAll(storage.summaries as StorageSummaries, isSlow);
  assert.deepEqual(await rowsOfAda(), []);
  await answersAsRecords(storage, records.filter(isNotAda), isSlow);
}

async function total(storage: ReadableUsageStorage) {
  assert(isSummaryReader(storage.reader), 'Its reader has no getSummary.');
  return storage.reader.getSummary({ by: 'endpoint' });
}
