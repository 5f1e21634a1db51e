import { show } from '../../option-reader.js';
import { wrongUsage } from '../failure.js';
import type { Values } from '../values.js';
import { reportCommand } from './report-command.js';

const PERIODS = ['hour', 'day', 'month'] as const;

/** Requests over time. */
export const trafficCommand = reportCommand({
  name: 'traffic',
  summary: 'Says how much was called over time, beside the span before.',
  isLong: false,
  options: {
    period: { value: 'PERIOD', about: `${PERIODS.join(', ')}. Default: what suits the span.` },
  },
  examples: ['traffic --days 7', 'traffic --from 2026-01-01 --period month --csv'],
  rows: () => 'traffic',
  ask: (reports, span, { values }) => reports.traffic({ ...span, period: periodOf(values) }),
});

function periodOf(values: Values): (typeof PERIODS)[number] | undefined {
  const given = values.text('period');
  const period = PERIODS.find((one) => one === given);
  if (given !== undefined && period === undefined)
    throw wrongUsage(`--period is ${show(given)}; expected ${PERIODS.join(', ')}.`);
  return period;
}
