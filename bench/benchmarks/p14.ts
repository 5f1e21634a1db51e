import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import { makeRecords } from '../engines/record.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { estimateMedian } from '../harness/statistics.js';
import { watchTurns } from '../harness/watch-turns.js';

const BATCH_RECORDS = 10_000;

/** What is read: each of them goes through many records, or returns many. */
const READS: Readonly<Record<string, (storage: ReadableUsageStorage) => Promise<unknown>>> = {
  'a count': ({ reader }) => reader.countUsage(),
  'a count that no index helps': ({ reader }) => reader.countUsage({ username: 'nobody' }),
  'a page of 10,000': ({ reader }) => reader.getUsage({ limit: 10_000 }),
  'a page of 10,000, far back': ({ reader }) => reader.getUsage({ limit: 10_000, page: 20 }),
  'a page of nothing': ({ reader }) => reader.getUsagePage({ username: 'nobody' }),
  'a stream of 100,000': async ({ reader }) => {
    const records = reader.streamUsage();
    for (let read = 0; read < 100_000; read += 1) if ((await records.next()).done) break;
  },
};

/** How long reading holds the event loop on SQLite, whose driver works on the thread that it is called on. */
export const p14: Benchmark = {
  id: 'P14',
  async run(scale) {
    const storage = await sqlite.connect();
    try {
      await fill(storage, scale === 'quick' ? 20_000 : 1_000_000);
      const findings: Finding[] = [];
      for (const what of Object.keys(READS)) findings.push(await measure(storage, what, scale));
      return findings;
    } finally {
      await storage.close?.();
    }
  },
};

async function measure(storage: ReadableUsageStorage, what: string, scale: Scale): Promise<Finding> {
  const holds: number[] = [];
  const idle: number[] = [];
  for (let time = 0; time < (scale === 'quick' ? 2 : 10); time += 1) {
    holds.push(await watchTurns(Promise.resolve(READS[what]?.(storage)).then(() => {})));
    idle.push(await watchTurns(Promise.resolve()));
  }
  return judge(
    'P14',
    `longest hold of the event loop by reading from SQLite, ms: ${what}`,
    estimateMedian(holds),
    estimateMedian(idle),
    { gate: 5, goal: 1 },
  );
}

async function fill(storage: ReadableUsageStorage, records: number): Promise<void> {
  const { signal } = new AbortController();
  for (let made = 0; made < records; made += BATCH_RECORDS) {
    await storage.store(makeRecords(BATCH_RECORDS), signal);
  }
}
