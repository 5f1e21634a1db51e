import { CONTROL, compare } from '../harness/compare.js';
import { drawCrowd } from '../harness/crowd.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** P1 and P2 again for a crowd of callers behind a proxy, whose user agents and addresses all have to be read. */
export const enriched: Benchmark = {
  id: 'ENRICHED',
  async run(scale) {
    const plan = { ...planFor(scale, 7), drawClients: drawCrowd };
    const sittings = await compare(['untracked', 'noop-proxied', 'sqlite-proxied'], plan);
    const control = ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked');
    return [
      judge(
        'ENRICHED',
        'CPU a request of a crowd: no-op storage / untracked',
        ratio(sittings, 'cpuUsPerRequest', 'noop-proxied', 'untracked'),
        control,
        { gate: 1.12, goal: 1.05 },
      ),
      judge(
        'ENRICHED',
        'CPU a request of a crowd: SQLite / untracked',
        ratio(sittings, 'cpuUsPerRequest', 'sqlite-proxied', 'untracked'),
        control,
        { gate: 1.25, goal: 1.12 },
      ),
    ];
  },
};
