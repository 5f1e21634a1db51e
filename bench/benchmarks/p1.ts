import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** The price of record and queue. */
export const p1: Benchmark = {
  id: 'P1',
  async run(scale) {
    const rounds = await compare(['untracked', 'noop'], planFor(scale, 14));
    return [
      judge(
        'P1',
        'CPU a request: no-op storage / untracked',
        ratio(rounds, 'cpuUsPerRequest', 'noop', 'untracked'),
        ratio(rounds, 'cpuUsPerRequest', CONTROL, 'untracked'),
        { gate: 1.12, goal: 1.05 },
      ),
    ];
  },
};
