import { CONTROL, type Round, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor } from '../harness/finding.js';
import { type Estimate, estimateMedian } from '../harness/statistics.js';

/** Our price as a share of the naive port's. */
export const p4: Benchmark = {
  id: 'P4',
  async run(scale) {
    const rounds = await compare(['untracked', 'sqlite', 'naive'], planFor(scale, 6));
    return [
      judge(
        'P4',
        'CPU a request: (SQLite − untracked) / (naive − untracked)',
        shareOfNaive(rounds, 'sqlite'),
        shareOfNaive(rounds, CONTROL),
        { gate: 1 / 20, goal: 1 / 40 },
      ),
    ];
  },
};

function shareOfNaive(
  rounds: readonly Round<'untracked' | 'sqlite' | 'naive'>[],
  of: 'sqlite' | typeof CONTROL,
): Estimate {
  return estimateMedian(
    rounds.map((round) => {
      const base = round.untracked.cpuUsPerRequest;
      return (round[of].cpuUsPerRequest - base) / (round.naive.cpuUsPerRequest - base);
    }),
  );
}
