import { CONTROL, compare } from '../harness/compare.js';
import { freshDatabase } from '../harness/databases.js';
import {
  type Benchmark,
  type Finding,
  type Scale,
  type Target,
  judge,
  planFor,
  ratio,
} from '../harness/finding.js';
import { withProgram } from '../harness/server-process.js';

const TARGET: Target = { gate: 1.3, goal: 1.15 };

/** The price of the whole thing, into databases on servers of their own, whose CPU time does not count. */
export const p3: Benchmark = {
  id: 'P3',
  async run(scale) {
    return [
      await measure('postgresql', await freshDatabase('postgresql'), TARGET, scale),
      await measure('mongodb', await freshDatabase('mongodb'), TARGET, scale),
      await withProgram('answering-mongodb.js', ({ url }) =>
        measure('mongodb', { url, server: 'a MongoDB that answers and keeps nothing' }, null, scale),
      ),
    ];
  },
};

async function measure(
  variant: 'postgresql' | 'mongodb',
  { url, server }: { readonly url: string; readonly server: string },
  target: Target | null,
  scale: Scale,
): Promise<Finding> {
  // The processes of the variants find it there.
  process.env['BENCH_DATABASE_URL'] = url;
  const sittings = await compare(['untracked', variant], planFor(scale, 7));
  return judge(
    'P3',
    `CPU a request: ${server} / untracked`,
    ratio(sittings, 'cpuUsPerRequest', variant, 'untracked'),
    ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked'),
    target,
  );
}
