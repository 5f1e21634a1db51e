import { CONTROL, type Sitting, compare } from '../harness/compare.js';
import { type Benchmark, judge, medianOf, planFor } from '../harness/finding.js';
import type { Estimate } from '../harness/statistics.js';

/** Our price as a share of the naive port's. */
export const p4: Benchmark = {
  id: 'P4',
  async run(scale) {
    const sittings = await compare(['untracked', 'sqlite', 'naive'], planFor(scale, 4));
    return [
      judge(
        'P4',
        'CPU a request: (SQLite − untracked) / (naive − untracked)',
        shareOfNaive(sittings, 'sqlite'),
        shareOfNaive(sittings, CONTROL),
        { gate: 1 / 20, goal: 1 / 40 },
      ),
    ];
  },
};

function shareOfNaive(
  sittings: readonly Sitting<'untracked' | 'sqlite' | 'naive'>[],
  of: 'sqlite' | typeof CONTROL,
): Estimate {
  return medianOf(sittings, (round) => {
    const base = round.untracked.cpuUsPerRequest;
    return (round[of].cpuUsPerRequest - base) / (round.naive.cpuUsPerRequest - base);
  });
}
