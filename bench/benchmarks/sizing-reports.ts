import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { UsageReports } from 'koa-track-usage';
import type { ClickHouseStorage } from 'koa-track-usage/clickhouse';
import type { SqlStorage } from 'koa-track-usage/sql';
import { SENT_RECORDS, multiply, sendRecords } from '../engines/multiplied.js';
import { PLACES, clickHouseAt } from '../engines/shared-place.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { type Span, pastDays, rebuild } from '../harness/folding.js';
import { type Estimate, estimateMedian, exactly } from '../harness/statistics.js';
import { takeTurns } from '../harness/take-turns.js';
import pg from 'pg';

const DAYS = 30;

/** A database with records, and a connection of its own for SQL by hand. */
interface Subject {
  readonly title: string;
  readonly engine: 'postgresql' | 'clickhouse';
  readonly storage: SqlStorage | ClickHouseStorage;
  /** Runs a statement, and returns its rows. */
  readonly run: (sql: string) => Promise<readonly object[]>;
  /** Calls, failures and the 95th percentile of every endpoint by the day, from the records. */
  readonly byHand: string;
  close(): Promise<void>;
}

const byHand = (day: string, p95: string, table: string): string =>
  `select ${day} as day, server_name, method, route, controller, action, count(*) as calls, ` +
  `sum(case when status >= 500 then 1 else 0 end) as failures, ${p95} as p95 from ${table} group by 1, 2, 3, 4, 5, 6`;

/** What reports cost, from summaries and from records, and how many rows of summaries there are. */
export const sizingReports: Benchmark = {
  id: 'SIZING-REPORTS',
  async run(scale) {
    const [few, many, most] =
      scale === 'quick' ? [10_000, 20_000, [40_000, 40_000]] : [100_000, 1_000_000, [5_000_000, 20_000_000]];
    const [postgresql = 0, clickhouse = 0] = most;
    return [
      ...(await measure(openPostgres, [few], scale)),
      ...(await measure(openPostgres, [many, postgresql], scale)),
      ...(await measure(openClickHouse, [many, clickhouse], scale)),
    ];
  },
};

/** @param sizes - records. The first of them are summed up; more are only added, and the summaries stay as they are */
async function measure(
  open: () => Promise<Subject>,
  sizes: readonly number[],
  scale: Scale,
): Promise<Finding[]> {
  const subject = await open();
  const span = pastDays(DAYS);
  const findings: Finding[] = [];
  await sendRecords(subject.storage, span);
  let records = SENT_RECORDS;
  for (const size of sizes) {
    if (size > records) await subject.run(multiply(subject.engine, records, span, size / records));
    records = size;
    if (subject.engine === 'postgresql') await subject.run('analyze koa_usage');
    const of = `${records.toLocaleString('en')} records of ${DAYS} days, ${subject.title}`;
    const found: Found = (what, value, control = value) =>
      judge('SIZING-REPORTS', `${what}: ${of}`, value, control, null);
    if (size === sizes[0]) findings.push(...(await sumUp(subject, span, records, found)));
    findings.push(...(await ask(subject, span, scale, found)));
  }
  await subject.close();
  return findings;
}

type Found = (what: string, value: Estimate, control?: Estimate) => Finding;

async function sumUp(
  { storage, run, engine }: Subject,
  span: Span,
  records: number,
  found: Found,
): Promise<Finding[]> {
  const begin = performance.now();
  await rebuild(storage, span);
  const seconds = (performance.now() - begin) / 1000;
  const table = `koa_usage_summary${engine === 'clickhouse' ? ' final' : ''} where kind in ('hour', 'day')`;
  const [sums] = (await run(`select count(*) as count, sum(length(data)) as bytes from ${table}`)) as Record<
    string,
    unknown
  >[];
  return [
    found('records/s summed up by one process', exactly(records / seconds)),
    found('rows of summaries by the hour and the day', exactly(Number(sums?.['count']))),
    found('MB of these rows', exactly(Number(sums?.['bytes']) / 1e6)),
  ];
}

async function ask(
  { storage, run, byHand: sql }: Subject,
  { startMs, endMs }: Span,
  scale: Scale,
  found: Found,
): Promise<Finding[]> {
  const reports = new UsageReports(storage);
  const dates = { startDate: new Date(startMs), endDate: new Date(endMs) };
  const report = async (): Promise<void> => void (await reports.endpoints({ days: DAYS }));
  const summary = async (): Promise<void> => {
    const { rows, live } = await storage.reader.getSummary({
      by: 'endpoint',
      period: 'day',
      ...dates,
      limit: 10_000,
    });
    if (live !== 0 || rows.length < DAYS)
      throw new Error(`${rows.length} rows, ${live} records of them live.`);
  };
  const hand = async (): Promise<void> => {
    if ((await run(sql)).length < DAYS) throw new Error('There are too few records.');
  };
  const plan = { warmUp: 1, rounds: scale === 'quick' ? 2 : 3 };
  const efforts = await takeTurns([report, summary, hand, report, summary, hand], plan);
  const ms = (index: number): Estimate => estimateMedian(efforts.map((round) => Number(round[index]?.ms)));
  return [
    found('ms for the report of endpoints', ms(0), ms(3)),
    found('ms for endpoints by the day from summaries', ms(1), ms(4)),
    found('ms for endpoints by the day from records, by SQL', ms(2), ms(5)),
  ];
}

async function openPostgres(): Promise<Subject> {
  const address = await PLACES.postgresql.make();
  const storage = await PLACES.postgresql.open(address);
  const client = new pg.Client({ connectionString: address });
  // When the server goes, whoever waits for an answer learns of it.
  client.on('error', () => {});
  await client.connect();
  const p95 = 'percentile_cont(0.95) within group (order by duration_ms)';
  return {
    title: 'PostgreSQL',
    engine: 'postgresql',
    storage,
    byHand: byHand("date_trunc('day', date, 'UTC')", p95, 'koa_usage'),
    run: async (sql) => (await client.query<object>(sql)).rows,
    async close() {
      await client.end();
      await storage.close();
    },
  };
}

async function openClickHouse(): Promise<Subject> {
  const address = await PLACES.clickhouse.make();
  const storage = await PLACES.clickhouse.open(address);
  const client = createClient({
    ...clickHouseAt(address),
    request_timeout: 600_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    title: 'ClickHouse',
    engine: 'clickhouse',
    storage,
    byHand: byHand('toDate(date)', 'quantile(0.95)(duration_ms)', 'koa_usage final'),
    async run(sql) {
      if (sql.startsWith('insert')) return [await client.command({ query: sql })];
      return (await client.query({ query: sql, format: 'JSONEachRow' })).json<object>();
    },
    async close() {
      await client.close();
      await storage.close();
    },
  };
}
