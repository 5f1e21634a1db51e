import { clickhouse } from '../engines/clickhouse.js';
import { lastCursor } from '../engines/last-page.js';
import { SENT_RECORDS, multiply, sendRecords } from '../engines/multiplied.js';
import { type Subject, openClickHouse, openPostgres } from '../engines/subjects.js';
import { cpuUsOf } from '../harness/databases.js';
import { type Benchmark, type Finding, type Scale, type Target, judge } from '../harness/finding.js';
import { type Span, pastDays, rebuild } from '../harness/folding.js';
import { type Contestant, type Effort, share, takeTurns } from '../harness/take-turns.js';
import { measureWriting } from './p6.js';

const DAYS = 30;
const PAGE_RECORDS = 500;
/** How often a turn reads what takes little: the system counts CPU time in steps of 10 ms. */
const TIMES = 10;

/** How fast batches are written to ClickHouse, against its client by hand; how fast it reads, against PostgreSQL. */
export const p18: Benchmark = {
  id: 'P18',
  run: async (scale) => [
    ...(await measureWriting('P18', clickhouse, { gate: 0.85, goal: 0.95 }, scale)),
    ...(await measureReading(scale)),
  ],
};

async function measureReading(scale: Scale): Promise<Finding[]> {
  const records = SENT_RECORDS * (scale === 'quick' ? 10 : 2000);
  const span = pastDays(DAYS);
  const subjects = [await openPostgres(), await openClickHouse()] as const;
  for (const subject of subjects) await fill(subject, span, records);
  const findings = await read(subjects, span, records, scale);
  for (const subject of subjects) await subject.close();
  return findings;
}

/** Sums up the records that are sent; the rows of summaries of all records would be as many. */
async function fill({ storage, run, engine }: Subject, span: Span, records: number): Promise<void> {
  await sendRecords(storage, span);
  await rebuild(storage, span);
  await run(multiply(engine, SENT_RECORDS, span, records / SENT_RECORDS));
  if (engine === 'postgresql') await run('vacuum analyze koa_usage');
}

async function read(
  [postgres, click]: readonly [Subject, Subject],
  span: Span,
  records: number,
  scale: Scale,
): Promise<Finding[]> {
  const versus = `PostgreSQL / ClickHouse (chDB), ${records.toLocaleString('en')} records of ${DAYS} days`;
  const compare = async (
    what: string,
    contestants: readonly Contestant[],
    rounds: number,
    target: Target | null = null,
  ): Promise<Finding[]> => {
    const efforts = await takeTurns(contestants, { warmUp: rounds > 3 ? 2 : 0, rounds }, serverCpuUs);
    const finding = (figure: keyof Effort, title: string, held: Target | null): Finding =>
      judge('P18', `${versus}: ${title}`, share(efforts, figure, 0, 1), share(efforts, figure, 2, 1), held);
    return [
      finding('ms', `time of ${what}`, target),
      finding('cpuUs', `CPU time of the server, ${what}`, null),
    ];
  };
  const rounds = scale === 'quick' ? 3 : 20;
  const ofBoth = (act: (subject: Subject) => Contestant): Contestant[] =>
    [postgres, click, click].map((subject) => act(subject));
  const cursors = new Map<Subject, string>();
  for (const subject of [postgres, click])
    cursors.set(subject, await lastCursor(subject.storage.reader, span, records, PAGE_RECORDS));
  return [
    ...(await compare(
      'page 1',
      ofBoth((subject) => readPages(subject)),
      rounds,
    )),
    ...(await compare(
      `page ${records / PAGE_RECORDS} by cursor`,
      ofBoth((subject) => readPages(subject, cursors.get(subject))),
      rounds,
    )),
    ...(await compare(
      'endpoints by the day from summaries',
      ofBoth((subject) => askSummary(subject, span)),
      rounds,
    )),
    ...(await compare(
      'endpoints by the day with their p95 from records, by SQL',
      ofBoth((subject) => askRecords(subject, records)),
      3,
      { gate: 3, goal: 10 },
    )),
  ];
}

const serverCpuUs = (): number => cpuUsOf('postgresql') + cpuUsOf('clickhouse');

function readPages({ storage: { reader } }: Subject, cursor: string | null = null): Contestant {
  return async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const { items } = await reader.getUsagePage({ cursor, limit: PAGE_RECORDS });
      if (items.length !== PAGE_RECORDS) throw new Error(`A page had ${items.length} records.`);
    }
  };
}

function askSummary({ storage: { reader } }: Subject, { startMs, endMs }: Span): Contestant {
  const dates = { startDate: new Date(startMs), endDate: new Date(endMs) };
  return async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const query = { by: 'endpoint', period: 'day', ...dates, limit: 10_000 } as const;
      const { rows, live } = await reader.getSummary(query);
      if (live !== 0 || rows.length < DAYS)
        throw new Error(`${rows.length} rows, ${live} records of them live.`);
    }
  };
}

function askRecords({ run, byHand, title }: Subject, records: number): Contestant {
  return async () => {
    const rows = (await run(byHand)) as { calls: string }[];
    const calls = rows.reduce((sum, row) => sum + Number(row.calls), 0);
    if (calls !== records) throw new Error(`${title} counted ${calls} of ${records} records.`);
  };
}
