import { CONTROL, compare } from '../harness/compare.js';
import { type Benchmark, judge, planFor, ratio } from '../harness/finding.js';

/** The whole thing against what else people put in front of Koa. */
export const p5: Benchmark = {
  id: 'P5',
  async run(scale) {
    const sittings = await compare(['untracked', 'sqlite', 'pino', 'otel'], planFor(scale, 5));
    const control = ratio(sittings, 'cpuUsPerRequest', CONTROL, 'untracked');
    return [
      judge(
        'P5',
        'CPU a request: SQLite / koa-pino-logger',
        ratio(sittings, 'cpuUsPerRequest', 'sqlite', 'pino'),
        control,
        { gate: 0.95, goal: 0.85 },
      ),
      judge(
        'P5',
        'CPU a request: SQLite / OpenTelemetry http + koa',
        ratio(sittings, 'cpuUsPerRequest', 'sqlite', 'otel'),
        control,
        { gate: 0.6, goal: 0.5 },
      ),
    ];
  },
};
