import type { SqlStorage } from 'koa-track-usage/sql';
import { SENT_RECORDS, multiply, sendRecords } from '../engines/multiplied.js';
import { connectPostgres } from '../engines/postgresql.js';
import { type Benchmark, type Finding, type Scale, type Target, judge } from '../harness/finding.js';
import { DAY_MS } from '../harness/folding.js';
import { estimateMedian } from '../harness/statistics.js';
import { share, takeTurns } from '../harness/take-turns.js';

const PAGE_RECORDS = 500;
const MONTHS = 12;

const { signal } = new AbortController();

/** What a table of months costs and saves in PostgreSQL, beside one table with the same records: those of a year. */
export const months: Benchmark = {
  id: 'MONTHS',
  async run(scale) {
    const copies = scale === 'quick' ? 5 : 100;
    const [whole, parted] = [await connectPostgres(), await connectPostgres({ partition: 'month' })];
    for (const storage of [whole, parted]) await fill(storage, copies);
    const findings = [...(await read(whole, parted, copies, scale)), await remove(whole, parted, scale)];
    await Promise.all([whole.close(), parted.close()]);
    return findings;
  },
};

/** The first moment of a month, so many months ago. */
function monthAgo(count: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count));
}

/** Stores records of the months before this one. */
async function fill(storage: SqlStorage, copies: number): Promise<void> {
  const span = { startMs: Number(monthAgo(MONTHS)), endMs: Number(monthAgo(0)) };
  await sendRecords(storage, span);
  const connection = storage.reader.getEntityManager().getConnection();
  await connection.execute(multiply('postgresql', SENT_RECORDS, span, copies));
  await connection.execute('analyze koa_usage');
}

async function read(whole: SqlStorage, parted: SqlStorage, copies: number, scale: Scale): Promise<Finding[]> {
  const records = SENT_RECORDS * copies;
  const pages = records / PAGE_RECORDS;
  const cursors = new Map([
    [whole, await cursorOf(whole, pages)],
    [parted, await cursorOf(parted, pages)],
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
  const report = ({ reader }: SqlStorage) => reader.getSummary({ by: 'endpoint', period: 'day', ...dates });
  const close = { gate: 1.5, goal: 1.1 };
  return [
    await compare('page 1', (storage) => page(null, storage), close),
    await compare(`page ${pages} by cursor`, (storage) => page(cursors.get(storage) ?? null, storage), close),
    await compare('a report of a week, from records', report, close, Math.ceil(rounds / 8)),
  ];
}

/** The cursor that the last page begins with. */
async function cursorOf({ reader }: SqlStorage, pages: number): Promise<string> {
  const limit = PAGE_RECORDS * 19;
  let cursor: string | null = null;
  for (let left = (pages - 1) * PAGE_RECORDS; left > 0; left -= limit)
    ({ nextCursor: cursor } = await reader.getUsagePage({ cursor, limit: Math.min(limit, left) }));
  if (cursor === null) throw new Error('There are too few pages.');
  return cursor;
}

/** Takes the oldest months away, one a round. */
async function remove(whole: SqlStorage, parted: SqlStorage, scale: Scale): Promise<Finding> {
  const ratios: number[] = [];
  const controls: number[] = [];
  for (let month = MONTHS - 1; month >= (scale === 'quick' ? 9 : 5); month -= 2) {
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
