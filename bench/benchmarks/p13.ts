import { type Benchmark, judge } from '../harness/finding.js';
import { sendRequests } from '../harness/load.js';
import { withServers } from '../harness/server-process.js';
import { exactly } from '../harness/statistics.js';

const EARLY = 10_000;

/** Whether anything piles up: the heap after many requests against the heap after some, everything stored. */
export const p13: Benchmark = {
  id: 'P13',
  async run(scale) {
    const late = scale === 'quick' ? 100_000 : 1_000_000;
    return [
      judge(
        'P13',
        `heap after ${late.toLocaleString('en')} requests into SQLite / after ${EARLY.toLocaleString('en')}`,
        exactly(await heapGrowth('sqlite', late)),
        exactly(await heapGrowth('untracked', late)),
        { gate: 1.1, goal: 1 },
      ),
    ];
  },
};

function heapGrowth(variant: string, late: number): Promise<number> {
  return withServers([variant], async ([server]) => {
    if (server === undefined) throw new Error('The server is not running.');
    await sendRequests(server.url, EARLY);
    const early = await server.read({ collectsGarbage: true });
    await sendRequests(server.url, late - EARLY);
    const end = await server.read({ collectsGarbage: true });
    return end.heapBytes / early.heapBytes;
  });
}
