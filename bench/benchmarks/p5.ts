import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, type Finding, type Target, judge, planFor, ratio } from '../harness/finding.js';

const RIVALS = [
  { name: 'pino', title: 'koa-pino-logger', target: { gate: 0.95, goal: 0.85 } },
  { name: 'otel', title: 'OpenTelemetry http + koa', target: { gate: 0.6, goal: 0.5 } },
] as const;

/**
 * What tracking costs against what else people put in front of Koa: the whole thing, and, as the rivals keep nothing that
 * could be queried, also that without a storage.
 */
export const p5: Benchmark = {
  id: 'P5',
  async run(scale) {
    const sittings = await compare(['untracked', 'sqlite', 'noop', 'pino', 'otel'], planFor(scale, 5));
    const control = ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked');
    function against(ours: 'sqlite' | 'noop', title: string, isHeldToTarget: boolean): Finding[] {
      return RIVALS.map((rival) => {
        const target: Target | null = isHeldToTarget ? rival.target : null;
        const estimate = ratio(sittings, 'cpuUsPerRequest', ours, rival.name);
        return judge('P5', `CPU a request: ${title} / ${rival.title}`, estimate, control, target);
      });
    }
    return [...against('sqlite', 'SQLite', true), ...against('noop', 'no-op storage', false)];
  },
};
