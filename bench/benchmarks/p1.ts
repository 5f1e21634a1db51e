import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** The price of record and queue. */
export const p1: Benchmark = {
  id: 'P1',
  async run(scale) {
    const sittings = await compare(['untracked', 'noop'], planFor(scale, 7));
    return [
      judge(
        'P1',
        'CPU a request: no-op storage / untracked',
        ratio(sittings, 'cpuUsPerRequest', 'noop', 'untracked'),
        ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked'),
        { gate: 1.12, goal: 1.05 },
      ),
    ];
  },
};
