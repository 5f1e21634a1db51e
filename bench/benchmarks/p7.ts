import { CONTROL, compare } from '../harness/compare.js';
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
    return [...(await measureHolds(scale)), await measureLatency(scale)];
  },
};

/** Watches the event loop while one batch is written and nothing else goes on. */
async function measureHolds(scale: Scale): Promise<Finding[]> {
  const [warmUp, batches] = scale === 'quick' ? [5, 10] : [50, 300];
  const { sqlite, idle } = await withServers(
    ['sqlite-patient', 'untracked'],
    async ([written, untouched]) => {
      for (let batch = 0; batch < warmUp; batch += 1) await holdOf(written);
      const holds: { sqlite: number[]; idle: number[] } = { sqlite: [], idle: [] };
      for (let batch = 0; batch < batches; batch += 1) {
        holds.sqlite.push(await holdOf(written));
        holds.idle.push(await holdOf(untouched));
      }
      return holds;
    },
  );
  return [
    judge(
      'P7',
      'longest hold of the event loop by a batch into SQLite, ms: median',
      estimateMedian(sqlite),
      estimateMedian(idle),
      { gate: 1, goal: 0.5 },
    ),
    judge(
      'P7',
      'longest hold of the event loop by a batch into SQLite, ms: p99',
      estimateQuantile(sqlite, 0.99),
      estimateQuantile(idle, 0.99),
      null,
    ),
  ];
}

async function holdOf(server: ServerProcess | undefined): Promise<number> {
  if (server === undefined) throw new Error('The server is not running.');
  await sendRequests(server.url, BATCH_RECORDS);
  return (await server.read({ watchesTurns: true })).longestTurnMs;
}

async function measureLatency(scale: Scale): Promise<Finding> {
  const rounds = await compare(['untracked', 'sqlite'], planFor(scale, 8, 4000));
  return judge(
    'P7',
    'p99 of requests: SQLite / untracked',
    ratio(rounds, 'p99Ms', 'sqlite', 'untracked'),
    ratio(rounds, 'p99Ms', CONTROL, 'untracked'),
    { gate: 1.3, goal: 1.1 },
  );
}
