import { UsageReports, renderTable } from 'koa-track-usage';
import type { DimensionName } from '../../src/storage/usage-summary.js';
import { pastRecords } from '../engines/past-records.js';
import {
  type ReportingEngine,
  type ReportingStore,
  postgresqlReports,
  sqliteReports,
} from '../engines/reports.js';
import { type Dashboard, openDashboard } from '../harness/dashboard.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { pastDays, rebuild, storeUnfolded } from '../harness/folding.js';
import { type Contestant, type Effort, share, takeTurns } from '../harness/take-turns.js';
const BATCH_RECORDS = 500;
const DAYS = 90;

/** The dimensions whose rows the report on endpoints reads. */
const OF_ENDPOINTS: readonly DimensionName[] = ['endpoint', 'endpointCaller', 'server'];

/** Pages of the dashboard. */
const PAGES = [
  {
    title: 'page of endpoints',
    query: `view=endpoints&days=${DAYS}`,
    dimensions: OF_ENDPOINTS,
  },
  {
    title: 'overview page',
    query: `days=${DAYS}`,
    dimensions: [...OF_ENDPOINTS, 'caller', 'status'],
  },
] as const;

/** What a report, and a page of the dashboard, cost beside the time that the database takes for the rows of summaries that they are made of. */
export const p15: Benchmark = {
  id: 'P15',
  async run(scale) {
    const findings: Finding[] = [];
    for (const engine of [sqliteReports, postgresqlReports]) findings.push(...(await measure(engine, scale)));
    return findings;
  },
};

async function measure(engine: ReportingEngine, scale: Scale): Promise<Finding[]> {
  const [records, plan] =
    scale === 'quick' ? [50_000, { warmUp: 2, rounds: 5 }] : [1_000_000, { warmUp: 3, rounds: 20 }];
  const span = pastDays(DAYS);
  const store = await engine.open();
  await storeUnfolded(store.storage, pastRecords(records, span, BATCH_RECORDS));
  await rebuild(store.storage, span);
  await store.analyze();
  const dashboard = await openDashboard(store.storage);
  const about = `${DAYS} days, ${records.toLocaleString('en')} records: ${engine.title}`;
  // The CPU time is that of this process alone, and a server's does not count.
  const figures = engine === sqliteReports ? (['time', 'CPU time'] as const) : (['time'] as const);
  const compare = async (what: string, made: Contestant, dimensions: readonly DimensionName[]) => {
    const byHand = async (): Promise<void> => {
      if ((await store.readDays(span, dimensions)) === 0) throw new Error('Nothing is summed up by the day.');
    };
    const efforts = await takeTurns([made, byHand, byHand], plan);
    return figures.map((figure) =>
      judgeShare(`${figure} of ${what} / of the query for its rows, ${about}`, efforts, figure),
    );
  };
  const findings = await compare('the table of endpoints', tableOf(store, records), OF_ENDPOINTS);
  for (const { title, query, dimensions } of PAGES) {
    const page = async (): Promise<void> => void (await dashboard.ask(query));
    findings.push(...(await compare(`the ${title}`, page, dimensions)));
    findings.push(await weigh(dashboard, query, `KB of the ${title}, not compressed, ${about}`));
  }
  await dashboard.close();
  await store.close();
  return findings;
}

/** The table of endpoints, as the command line shows it. */
function tableOf({ storage }: ReportingStore, records: number): Contestant {
  const reports = new UsageReports(storage);
  return async () => {
    const answer = await reports.endpoints({ days: DAYS });
    if (answer.calls < records * 0.9 || renderTable(answer) === '') throw new Error(`${answer.calls} calls.`);
  };
}

function judgeShare(
  what: string,
  efforts: readonly (readonly Effort[])[],
  figure: 'time' | 'CPU time',
): Finding {
  const key = figure === 'time' ? 'ms' : 'cpuUs';
  return judge('P15', what, share(efforts, key, 0, 1), share(efforts, key, 2, 1), { gate: 2, goal: 1.3 });
}

async function weigh(dashboard: Dashboard, query: string, what: string): Promise<Finding> {
  const [first, second] = [await dashboard.ask(query, 'identity'), await dashboard.ask(query, 'identity')];
  const exactly = (bytes: number) => ({ value: bytes / 1000, low: bytes / 1000, high: bytes / 1000 });
  return judge('P15', what, exactly(first), exactly(second), { gate: 100, goal: 100 });
}
