import { UsageReports } from 'koa-track-usage';
import { lastCursor } from '../engines/last-page.js';
import { SENT_RECORDS, multiply, sendRecords } from '../engines/multiplied.js';
import { type Subject, openClickHouse, openPostgres } from '../engines/subjects.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { type Span, pastDays, rebuild } from '../harness/folding.js';
import { type Estimate, estimateMedian, exactly } from '../harness/statistics.js';
import { type Contestant, takeTurns } from '../harness/take-turns.js';

const DAYS = 30;
const PAGE_RECORDS = 500;

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
    findings.push(...(await ask(subject, span, records, scale, found)));
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
  subject: Subject,
  span: Span,
  records: number,
  scale: Scale,
  found: Found,
): Promise<Finding[]> {
  const questions = await questionsTo(subject, span, records);
  const plan = { warmUp: 1, rounds: scale === 'quick' ? 2 : 3 };
  const acts = questions.map(([, act]) => act);
  const efforts = await takeTurns([...acts, ...acts], plan);
  const ms = (index: number): Estimate => estimateMedian(efforts.map((round) => Number(round[index]?.ms)));
  return questions.map(([title], index) => found(`ms for ${title}`, ms(index), ms(index + acts.length)));
}

async function questionsTo(
  { storage, run, byHand }: Subject,
  span: Span,
  records: number,
): Promise<readonly (readonly [string, Contestant])[]> {
  const { reader } = storage;
  const reports = new UsageReports(storage);
  const dates = { startDate: new Date(span.startMs), endDate: new Date(span.endMs) };
  const query = { by: 'endpoint', period: 'day', ...dates, limit: 10_000 } as const;
  const cursor = await lastCursor(reader, span, records, PAGE_RECORDS);
  const page = async (from: string | null): Promise<void> => {
    const { items } = await reader.getUsagePage({ cursor: from, limit: PAGE_RECORDS });
    if (items.length !== PAGE_RECORDS) throw new Error(`A page had ${items.length} records.`);
  };
  const summary = async (): Promise<void> => {
    const { rows, live } = await reader.getSummary(query);
    if (live !== 0 || rows.length < DAYS)
      throw new Error(`${rows.length} rows, ${live} records of them live.`);
  };
  const hand = async (): Promise<void> => {
    if ((await run(byHand)).length < DAYS) throw new Error('There are too few records.');
  };
  return [
    ['the report of endpoints', async () => void (await reports.endpoints({ days: DAYS }))],
    ['endpoints by the day from summaries', summary],
    ['endpoints by the day from records, by SQL', hand],
    [`the first page of ${PAGE_RECORDS}`, () => page(null)],
    [`the last page of ${PAGE_RECORDS}`, () => page(cursor)],
  ];
}
