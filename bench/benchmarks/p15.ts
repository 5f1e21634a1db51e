import { UsageReports, renderTable } from 'koa-track-usage';
import { pastRecords } from '../engines/past-records.js';
import { type ReportingEngine, postgresqlReports, sqliteReports } from '../engines/reports.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { pastDays, rebuild, storeUnfolded } from '../harness/folding.js';
import { share, takeTurns } from '../harness/take-turns.js';

const BATCH_RECORDS = 500;
const DAYS = 90;

/** What a report costs beside the time that the database takes for the rows of summaries that it is made of. */
export const p15: Benchmark = {
  id: 'P15',
  async run(scale) {
    const findings: Finding[] = [];
    for (const engine of [sqliteReports, postgresqlReports]) findings.push(await measure(engine, scale));
    return findings;
  },
};

async function measure(engine: ReportingEngine, scale: Scale): Promise<Finding> {
  const [records, plan] =
    scale === 'quick' ? [50_000, { warmUp: 2, rounds: 5 }] : [1_000_000, { warmUp: 3, rounds: 20 }];
  const span = pastDays(DAYS);
  const store = await engine.open();
  await storeUnfolded(store.storage, pastRecords(records, span, BATCH_RECORDS));
  await rebuild(store.storage, span);
  await store.analyze();
  const reports = new UsageReports(store.storage);
  const report = async (): Promise<void> => {
    const answer = await reports.endpoints({ days: DAYS });
    if (answer.calls < records * 0.9 || renderTable(answer) === '') throw new Error(`${answer.calls} calls.`);
  };
  const byHand = async (): Promise<void> => {
    if ((await store.readDays(span)) === 0) throw new Error('Nothing is summed up by the day.');
  };
  const efforts = await takeTurns([report, byHand, byHand], plan);
  await store.close();
  return judge(
    'P15',
    `time of the table of endpoints / of the query for its rows, ${DAYS} days, ${records.toLocaleString('en')} records: ${engine.title}`,
    share(efforts, 'ms', 0, 1),
    share(efforts, 'ms', 2, 1),
    { gate: 2, goal: 1.3 },
  );
}
