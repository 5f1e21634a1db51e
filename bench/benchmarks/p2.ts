import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** The price of the whole thing, into SQLite. */
export const p2: Benchmark = {
  id: 'P2',
  async run(scale) {
    const sittings = await compare(['untracked', 'sqlite'], planFor(scale, 7));
    return [
      judge(
        'P2',
        'CPU a request: SQLite / untracked',
        ratio(sittings, 'cpuUsPerRequest', 'sqlite', 'untracked'),
        ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked'),
        { gate: 1.25, goal: 1.12 },
      ),
      judge(
        'P2',
        'requests/s: SQLite / untracked',
        ratio(sittings, 'requestsPerSecond', 'sqlite', 'untracked'),
        ratio(sittings, 'requestsPerSecond', CONTROL, 'untracked'),
        { gate: 0.8, goal: 0.9 },
      ),
    ];
  },
};
