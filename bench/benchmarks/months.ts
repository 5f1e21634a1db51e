import type { SqlStorage } from 'koa-track-usage/sql';
import { lastCursor } from '../engines/last-page.js';
import { SENT_RECORDS, multiply, sendRecords } from '../engines/multiplied.js';
import { type ReportingStore, openPostgresReports } from '../engines/reports.js';
import { type Benchmark, type Finding, type Scale, type Target, judge } from '../harness/finding.js';
import { DAY_MS, type Span, rebuild } from '../harness/folding.js';
import { estimateMedian } from '../harness/statistics.js';
import { share, takeTurns } from '../harness/take-turns.js';

const PAGE_RECORDS = 500;
const MONTHS = 12;
const DAYS = 30;

const { signal } = new AbortController();

/** What a table of months costs and saves in PostgreSQL, beside one table with the same records: those of a year. */
export const months: Benchmark = {
  id: 'MONTHS',
  async run(scale) {
    const copies = scale === 'quick' ? 5 : 500;
    const [whole, parted] = [await openPostgresReports(), await openPostgresReports({ partition: 'month' })];
    for (const store of [whole, parted]) await fill(store, copies);
    const findings = [
      ...(await read(whole.storage, parted.storage, copies, scale)),
      ...(await report(whole, parted, scale)),
      await remove(whole.storage, parted.storage),
    ];
    await Promise.all([whole.close(), parted.close()]);
    return findings;
  },
};

/** The first moment of a month, so many months ago. */
function monthAgo(count: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count));
}

/** The months before this one. */
function pastYear(): Span {
  return { startMs: Number(monthAgo(MONTHS)), endMs: Number(monthAgo(0)) };
}

/** Stores records of the months before this one. */
async function fill(store: ReportingStore, copies: number): Promise<void> {
  await sendRecords(store.storage, pastYear());
  const connection = store.storage.reader.getEntityManager().getConnection();
  await connection.execute(multiply('postgresql', SENT_RECORDS, pastYear(), copies));
  await store.analyze();
}

async function read(whole: SqlStorage, parted: SqlStorage, copies: number, scale: Scale): Promise<Finding[]> {
  const records = SENT_RECORDS * copies;
  const pages = records / PAGE_RECORDS;
  const cursors = new Map([
    [whole, await lastCursor(whole.reader, pastYear(), records, PAGE_RECORDS)],
    [parted, await lastCursor(parted.reader, pastYear(), records, PAGE_RECORDS)],
  ]);
  const rounds = scale === 'quick' ? 3 : 40;
  const compare = async (
    what: string,
    action: (storage: SqlStorage) => Promise<unknown>,
    target: Target,
    count = rounds,
  ): Promise<Finding> => {
    const contestants = [parted, whole, whole].map((storage) => async () => void (await action(storage)));
    const efforts = await takeTurns(contestants, { warmUp: 1, rounds: count });
    const title = `a table of months / one table, ${records.toLocaleString('en')} records of a year: time of ${what}`;
    return judge('MONTHS', title, share(efforts, 'ms', 0, 1), share(efforts, 'ms', 2, 1), target);
  };
  const page = (cursor: string | null, { reader }: SqlStorage) =>
    reader.getUsagePage({ cursor, limit: PAGE_RECORDS });
  const dates = { startDate: monthAgo(1), endDate: new Date(Number(monthAgo(1)) + 7 * DAY_MS) };
  const week = ({ reader }: SqlStorage) => reader.getSummary({ by: 'endpoint', period: 'day', ...dates });
  const close = { gate: 1.5, goal: 1.1 };
  return [
    await compare('page 1', (storage) => page(null, storage), close),
    await compare(`page ${pages} by cursor`, (storage) => page(cursors.get(storage) ?? null, storage), close),
    await compare('a report of a week, from records', week, close, Math.ceil(rounds / 8)),
  ];
}

/** Reports by the hour of 30 days of the year, once these are summed up. */
async function report(whole: ReportingStore, parted: ReportingStore, scale: Scale): Promise<Finding[]> {
  const endMs = Number(monthAgo(0));
  const span = { startMs: endMs - DAYS * DAY_MS, endMs };
  await rebuild(parted.storage, span);
  await parted.analyze();
  const dates = { startDate: new Date(span.startMs), endDate: new Date(span.endMs) };
  const fromSums = async (): Promise<void> => {
    const query = { by: 'endpoint', period: 'hour', ...dates, limit: 100_000 } as const;
    const { live } = await parted.storage.reader.getSummary(query);
    if (live !== 0) throw new Error(`${live} records were not summed up.`);
  };
  const byHand = (store: ReportingStore) => async () => void (await store.groupBy('hour', span));
  const efforts = await takeTurns([fromSums, byHand(parted), byHand(parted), byHand(whole)], {
    warmUp: 1,
    rounds: scale === 'quick' ? 3 : 7,
  });
  const again = share(efforts, 'ms', 2, 1);
  const title = `endpoints by the hour over ${DAYS} days of the year`;
  return [
    judge(
      'MONTHS',
      `time of GROUP BY / from summaries, a table of months: ${title}`,
      share(efforts, 'ms', 1, 0),
      again,
      { gate: 30, goal: 60 },
    ),
    judge(
      'MONTHS',
      `a table of months / one table: time of GROUP BY, ${title}`,
      share(efforts, 'ms', 1, 3),
      again,
      { gate: 1.5, goal: 1.1 },
    ),
  ];
}

/** Takes the oldest months away, one after the other. */
async function remove(whole: SqlStorage, parted: SqlStorage): Promise<Finding> {
  const ratios: number[] = [];
  const controls: number[] = [];
  for (const month of [MONTHS - 1, MONTHS - 3]) {
    const [first, second] = [monthAgo(month), monthAgo(month - 1)];
    const dropped = [await timeOf(parted, first, true), await timeOf(parted, second, true)];
    const deleted = [await timeOf(whole, first, false), await timeOf(whole, second, false)];
    ratios.push(Number(deleted[0]) / Number(dropped[0]), Number(deleted[1]) / Number(dropped[1]));
    controls.push(Number(deleted[1]) / Number(deleted[0]));
  }
  const what = 'time of deleting a month of records from one table / of dropping it from a table of months';
  return judge('MONTHS', what, estimateMedian(ratios), estimateMedian(controls), { gate: 20, goal: 200 });
}

/** How long it takes to take away all before a date, in milliseconds. */
async function timeOf(storage: SqlStorage, date: Date, isDropped: boolean): Promise<number> {
  const begin = performance.now();
  const count = isDropped
    ? await storage.dropBefore?.(date, signal)
    : await storage.deleteBefore(date, Infinity, signal);
  const ms = performance.now() - begin;
  if (!count || (await storage.reader.countUsage({ endDate: date })) > 0)
    throw new Error(`${count} records of before ${date.toJSON()} went, and not all.`);
  return ms;
}
