import { CONTROL, compare } from '../harness/compare.js';
import { freshDatabase } from '../harness/databases.js';
import { type Benchmark, type Finding, type Scale, judge, planFor, ratio } from '../harness/finding.js';
import { sendRequests } from '../harness/load.js';
import { type ServerProcess, withServers } from '../harness/server-process.js';
import { estimateMedian, estimateQuantile } from '../harness/statistics.js';

/** One less than a full batch, so that nothing is written before it is watched. */
const BATCH_RECORDS = 499;

/** How long a batch holds the event loop, and what requests feel of it. */
export const p7: Benchmark = {
  id: 'P7',
  async run(scale) {
    return [
      ...(await measureHolds(scale)),
      await measureLockedHolds(scale),
      ...(await measureOtherHolds(scale)),
      await measureLatency(scale),
    ];
  },
};

/** Watches the event loop while one batch is written and nothing else goes on. */
async function measureHolds(scale: Scale): Promise<Finding[]> {
  const holds = await watchHolds('sqlite-patient', 'untracked', batchesOf(scale));
  const what = 'longest hold of the event loop by a batch into SQLite, ms';
  return [
    judgeMedian(what, holds),
    judge(
      'P7',
      `${what}: p99`,
      estimateQuantile(holds.tracked, 0.99),
      estimateQuantile(holds.idle, 0.99),
      null,
    ),
  ];
}

/** The same while somebody else has the lock, so that the batch has to wait before it is written. */
async function measureLockedHolds(scale: Scale): Promise<Finding> {
  const batches = scale === 'quick' ? ([2, 5] as const) : ([50, 300] as const);
  const holds = await watchHolds('sqlite-locked', 'untracked-waiting', batches);
  return judgeMedian('longest hold of the event loop by a batch that waits for SQLite’s lock, ms', holds);
}

/** The storages that write by a client that is asynchronous, or none: their batches are encoded on the event loop. */
async function measureOtherHolds(scale: Scale): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const server of ['postgresql', 'mariadb'] as const) {
    const { url, server: description } = await freshDatabase(server);
    // The process of the variant finds it there.
    process.env['BENCH_DATABASE_URL'] = url;
    findings.push(await measureHold(`${server}-patient`, `into ${description}`, scale));
  }
  return [...findings, await measureHold('printer-patient', 'that is printed as JSON', scale)];
}

async function measureHold(variant: string, where: string, scale: Scale): Promise<Finding> {
  const holds = await watchHolds(variant, 'untracked', batchesOf(scale));
  return judgeMedian(`longest hold of the event loop by a batch ${where}, ms`, holds);
}

/** How many batches come first and are thrown away, and how many are watched. */
function batchesOf(scale: Scale): readonly [warmUp: number, batches: number] {
  return scale === 'quick' ? [5, 10] : [50, 300];
}

/** The longest hold of each batch, in milliseconds, and that of an idle process. */
interface Holds {
  readonly tracked: number[];
  readonly idle: number[];
}

async function watchHolds(
  trackedVariant: string,
  idleVariant: string,
  [warmUp, batches]: readonly [warmUp: number, batches: number],
): Promise<Holds> {
  return withServers([trackedVariant, idleVariant], async ([written, untouched]) => {
    for (let batch = 0; batch < warmUp; batch += 1) await holdOf(written);
    const holds: Holds = { tracked: [], idle: [] };
    for (let batch = 0; batch < batches; batch += 1) {
      holds.tracked.push(await holdOf(written));
      holds.idle.push(await holdOf(untouched));
    }
    return holds;
  });
}

function judgeMedian(what: string, { tracked, idle }: Holds): Finding {
  return judge('P7', `${what}: median`, estimateMedian(tracked), estimateMedian(idle), {
    gate: 1,
    goal: 0.5,
  });
}

async function holdOf(server: ServerProcess | undefined): Promise<number> {
  if (server === undefined) throw new Error('The server is not running.');
  await sendRequests(server.url, BATCH_RECORDS);
  return (await server.read({ watchesTurns: true })).longestTurnMs;
}

async function measureLatency(scale: Scale): Promise<Finding> {
  const sittings = await compare(['untracked', 'sqlite'], planFor(scale, 4, 4000));
  return judge(
    'P7',
    'p99 of requests: SQLite / untracked',
    ratio(sittings, 'p99Ms', 'sqlite', 'untracked'),
    ratio(sittings, 'p99Ms', CONTROL, 'untracked'),
    { gate: 1.3, goal: 1.1 },
  );
}
