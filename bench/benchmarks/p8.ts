import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import type { Engine } from '../engines/engine.js';
import { makeRecords } from '../engines/record.js';
import { postgresql } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { estimateMedian } from '../harness/statistics.js';
import { takeTurns } from '../harness/take-turns.js';

const PAGE_RECORDS = 500;
const BATCH_RECORDS = 10_000;

/** How much longer the last page of many takes than the first, by a cursor and by its number. */
export const p8: Benchmark = {
  id: 'P8',
  async run(scale) {
    return [...(await measure(sqlite, scale)), ...(await measure(postgresql, scale))];
  },
};

async function measure(engine: Engine, scale: Scale): Promise<Finding[]> {
  const [records, plan] =
    scale === 'quick' ? [20_000, { warmUp: 1, rounds: 3 }] : [5_000_000, { warmUp: 10, rounds: 100 }];
  const storage = await engine.connect();
  try {
    await fill(storage, records);
    const pages = records / PAGE_RECORDS;
    const cursor = await cursorOf(storage, pages);
    const first = (): Promise<void> => readPage(storage, null);
    const byCursor = await takeTurns([first, () => readPage(storage, cursor), first], plan);
    const byNumber = await takeTurns(
      [() => readPage(storage, cursor), () => readNumbered(storage, pages), () => readPage(storage, cursor)],
      { warmUp: 1, rounds: Math.ceil(plan.rounds / 20) },
    );
    return [
      judge(
        'P8',
        `${engine.title}, ${records.toLocaleString('en')} records: time of page ${pages} by cursor / page 1`,
        estimateMedian(byCursor.map(([one, deep]) => Number(deep?.ms) / Number(one?.ms))),
        estimateMedian(byCursor.map(([one, , again]) => Number(again?.ms) / Number(one?.ms))),
        { gate: 2, goal: 1.2 },
      ),
      judge(
        'P8',
        `${engine.title}: time of page ${pages} by number / by cursor`,
        estimateMedian(byNumber.map(([deep, numbered]) => Number(numbered?.ms) / Number(deep?.ms))),
        estimateMedian(byNumber.map(([deep, , again]) => Number(again?.ms) / Number(deep?.ms))),
        // There is no goal beyond the gate; below it, more is better.
        { gate: 50, goal: 51 },
      ),
    ];
  } finally {
    await storage.close?.();
  }
}

async function fill(storage: ReadableUsageStorage, records: number): Promise<void> {
  const { signal } = new AbortController();
  const startMs = Date.parse('2026-01-01T00:00:00Z');
  for (let made = 0; made < records; made += BATCH_RECORDS) {
    const batch = makeRecords(Math.min(BATCH_RECORDS, records - made)).map((record, index) =>
      Object.assign(record, { date: new Date(startMs + made + index) }),
    );
    await storage.store(batch, signal);
  }
}

/** The cursor that the last page begins with. */
async function cursorOf(storage: ReadableUsageStorage, pages: number): Promise<string> {
  let cursor: string | null = null;
  for (let page = 1; page < pages; page += 1) {
    ({ nextCursor: cursor } = await storage.reader.getUsagePage({ cursor, limit: PAGE_RECORDS }));
  }
  if (cursor === null) throw new Error('There are too few pages.');
  return cursor;
}

async function readPage(storage: ReadableUsageStorage, cursor: string | null): Promise<void> {
  const { items } = await storage.reader.getUsagePage({ cursor, limit: PAGE_RECORDS });
  if (items.length !== PAGE_RECORDS) throw new Error(`A page had ${items.length} records.`);
}

async function readNumbered(storage: ReadableUsageStorage, page: number): Promise<void> {
  const items = await storage.reader.getUsage({ page, limit: PAGE_RECORDS });
  if (items.length !== PAGE_RECORDS) throw new Error(`A page had ${items.length} records.`);
}
