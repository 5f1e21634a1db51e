import { UsageReports } from 'koa-track-usage';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import { pastRecords } from '../engines/past-records.js';
import { makeRecords } from '../engines/record.js';
import { sqliteReports } from '../engines/reports.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { openDashboard } from '../harness/dashboard.js';
import { DAY_MS, foldAll, pastDays, rebuild, storeAll } from '../harness/folding.js';
import { estimateMedian } from '../harness/statistics.js';
import { threadMs, watchTurns } from '../harness/watch-turns.js';

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

/** Reports, each on all days that there are. */
const REPORTS: Readonly<Record<string, (reports: UsageReports) => Promise<unknown>>> = {
  endpoints: (reports) => reports.endpoints(),
  callers: (reports) => reports.callers(),
  deprecations: (reports) => reports.deprecations(),
  traffic: (reports) => reports.traffic({ period: 'hour' }),
  errors: (reports) => reports.errors(),
  gone: (reports) => reports.gone(),
  status: (reports) => reports.status(),
};

/** Pages of the dashboard on the days that it shows by default: which they are, and the query of each. */
const PAGES: Readonly<Record<string, string>> = {
  'the overview': '',
  endpoints: 'view=endpoints',
  'one endpoint': 'view=endpoint&method=GET&route=/usercontroller/:id',
  callers: 'view=callers',
  traffic: 'view=traffic',
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
      return [...findings, ...(await measureSummaries(scale))];
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
  return found(`reading from SQLite, ms: ${what}`, holds, idle);
}

/** Days are stored one after another, each in the way of a server: what comes in is counted, folded, and counted again. */
async function measureSummaries(scale: Scale): Promise<Finding[]> {
  const [days, records] = scale === 'quick' ? [2, 4000] : [10, 100_000];
  const store = await sqliteReports.open();
  const { storage } = store;
  const { startMs } = pastDays(days);
  const holds: Record<string, number[]> = {};
  const idle: number[] = [];
  const watch = async (what: string, work: Promise<unknown>): Promise<void> => {
    const done = work.then(() => {});
    (holds[what] ??= []).push(await watchTurns(done, threadMs));
  };
  const ask = () => storage.reader.getSummary({ by: 'endpoint', period: 'hour' });
  for (let day = 0; day < days; day += 1) {
    const span = { startMs: startMs + day * DAY_MS, endMs: startMs + (day + 1) * DAY_MS };
    await storeAll(storage, pastRecords(records, span, BATCH_RECORDS));
    await watch(`a summary of ${records.toLocaleString('en')} records that are not folded`, ask());
    await watch('folding them', foldAll(storage));
    await watch('a summary of those that are folded', ask());
    await watch('rebuilding their summaries', rebuild(storage, span));
    idle.push(await watchTurns(Promise.resolve(), threadMs));
  }
  const dashboard = await openDashboard(storage);
  for (let time = 0; time < days; time += 1) {
    for (const [what, report] of Object.entries(REPORTS))
      await watch(`the report ${what}`, report(new UsageReports(storage)));
    for (const [what, query] of Object.entries(PAGES))
      await watch(`a page of the dashboard, ${what}`, dashboard.ask(query));
  }
  await dashboard.close();
  await store.close();
  return Object.entries(holds).map(([what, some]) => found(`SQLite, CPU ms: ${what}`, some, idle));
}

function found(what: string, holds: readonly number[], idle: readonly number[]): Finding {
  return judge(
    'P14',
    `longest hold of the event loop by ${what}`,
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
