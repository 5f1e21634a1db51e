import { CONTROL, compare } from '../harness/compare.js';
import { freshDatabase } from '../harness/databases.js';
import { type Benchmark, type Finding, type Scale, judge, planFor, ratio } from '../harness/finding.js';

/** The price of the whole thing, into databases on servers of their own, whose CPU time does not count. */
export const p3: Benchmark = {
  id: 'P3',
  async run(scale) {
    return [await measure('postgresql', scale), await measure('mongodb', scale)];
  },
};

async function measure(variant: 'postgresql' | 'mongodb', scale: Scale): Promise<Finding> {
  const { url, server } = await freshDatabase(variant);
  // The processes of the variants find it there.
  process.env['BENCH_DATABASE_URL'] = url;
  const sittings = await compare(['untracked', variant], planFor(scale, 7));
  return judge(
    'P3',
    `CPU a request: ${server} / untracked`,
    ratio(sittings, 'cpuUsPerRequest', variant, 'untracked'),
    ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked'),
    { gate: 1.3, goal: 1.15 },
  );
}
