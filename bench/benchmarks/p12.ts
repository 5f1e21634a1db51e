import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** What requests feel of a storage that never answers. */
export const p12: Benchmark = {
  id: 'P12',
  async run(scale) {
    const sittings = await compare(['noop', 'hang'], planFor(scale, 4, 4000));
    return [
      judge(
        'P12',
        'p99 of requests: storage that hangs / no-op storage',
        ratio(sittings, 'p99Ms', 'hang', 'noop'),
        ratio(sittings, 'p99Ms', CONTROL, 'noop'),
        { gate: 1.1, goal: 1 },
      ),
    ];
  },
};
