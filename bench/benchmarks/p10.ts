import { pastRecords } from '../engines/past-records.js';
import {
  type ReportingEngine,
  type ReportingStore,
  postgresqlReports,
  sqliteReports,
} from '../engines/reports.js';
import { type Benchmark, type Finding, type Scale, type Target, judge } from '../harness/finding.js';
import { type Span, pastDays, rebuild, storeUnfolded } from '../harness/folding.js';
import { share, takeTurns } from '../harness/take-turns.js';

const BATCH_RECORDS = 500;

interface Report {
  readonly engine: ReportingEngine;
  readonly period: 'hour' | 'day';
  readonly days: number;
  readonly target: Target;
}

const REPORTS: readonly Report[] = [
  { engine: sqliteReports, period: 'hour', days: 30, target: { gate: 100, goal: 500 } },
  { engine: postgresqlReports, period: 'hour', days: 30, target: { gate: 30, goal: 60 } },
  { engine: sqliteReports, period: 'day', days: 365, target: { gate: 1000, goal: 5000 } },
];

/** How much faster a report is from summaries than from the records. */
export const p10: Benchmark = {
  id: 'P10',
  async run(scale) {
    const findings: Finding[] = [];
    for (const report of REPORTS) findings.push(await measure(report, scale));
    return findings;
  },
};

async function measure({ engine, period, days, target }: Report, scale: Scale): Promise<Finding> {
  const [records, plan] =
    scale === 'quick' ? [100_000, { warmUp: 2, rounds: 3 }] : [1_000_000, { warmUp: 1, rounds: 8 }];
  const span = pastDays(days);
  const store = await engine.open();
  await storeUnfolded(store.storage, pastRecords(records, span, BATCH_RECORDS));
  await store.analyze();
  await rebuild(store.storage, span);
  await store.analyze();
  await assertEqual(store, period, span, records);
  const byHand = async (): Promise<void> => void (await store.groupBy(period, span));
  const efforts = await takeTurns([() => ask(store, period, span).then(() => {}), byHand, byHand], plan);
  await store.close();
  const what = `endpoints by the ${period} over ${days} days, ${records.toLocaleString('en')} records`;
  return judge(
    'P10',
    `time of GROUP BY / time from summaries, ${what}: ${engine.title}`,
    share(efforts, 'ms', 1, 0),
    share(efforts, 'ms', 1, 2),
    target,
  );
}

function ask({ storage: { reader } }: ReportingStore, period: 'hour' | 'day', { startMs, endMs }: Span) {
  const dates = { startDate: new Date(startMs), endDate: new Date(endMs) };
  return reader.getSummary({ by: 'endpoint', period, ...dates, limit: 100_000 });
}

/** Both have to tell the same, the one from summaries alone. */
async function assertEqual(
  store: ReportingStore,
  period: 'hour' | 'day',
  span: Span,
  records: number,
): Promise<void> {
  const { rows, live } = await ask(store, period, span);
  const byHand = await store.groupBy(period, span);
  const hits = rows.reduce((sum, row) => sum + row.hits, 0);
  if (live !== 0 || rows.length !== byHand.rows || hits !== records || byHand.hits !== records)
    throw new Error(
      `${rows.length} rows of ${hits} requests, ${live} of them live; by hand ${byHand.rows} of ${byHand.hits}.`,
    );
}
