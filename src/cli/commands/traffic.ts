import { show } from '../../option-reader.js';
import type { TrafficRow } from '../../report/report.js';
import { wrongUsage } from '../failure.js';
import type { Values } from '../values.js';
import { askedEndpoint } from './asked-endpoint.js';
import { MOST_ROWS, reportCommand } from './report-command.js';

const PERIODS = ['hour', 'day', 'month'] as const;

/** Requests over time. */
export const trafficCommand = reportCommand({
  name: 'traffic',
  summary:
    'Says how much was called over time, beside the span before: of the API, or of one endpoint or one caller.',
  operands: ['METHOD', 'ROUTE'],
  isLong: false,
  options: {
    caller: { value: 'NAME', about: 'Only what the caller of this name calls.' },
    period: { value: 'PERIOD', about: `${PERIODS.join(', ')}. Default: what suits the span.` },
    limit: { value: 'N', about: 'Periods at most, the newest of them.' },
    all: {
      about:
        'All periods. Default: in a table, those from the first on that was watched or has calls; else all.',
    },
  },
  examples: [
    'traffic --days 7',
    "traffic GET '/users/:id' --caller ada",
    'traffic --from 2026-01-01 --period month --csv',
  ],
  rows: () => 'traffic',
  async ask(reports, span, { values, operands: [method, route] }) {
    const period = periodOf(values);
    const endpoint =
      method === undefined || route === undefined
        ? undefined
        : await askedEndpoint('traffic', reports, span, { method, route });
    const report = await reports.traffic({ ...span, period, endpoint, username: values.text('caller') });
    return { ...report, traffic: shown(report.traffic, values) };
  },
});

/** The periods that a call asks for. */
function shown(traffic: readonly TrafficRow[], values: Values): readonly TrafficRow[] {
  const limit = values.integer('limit', 1, MOST_ROWS);
  if (limit !== undefined) return traffic.slice(-limit);
  if (['all', 'json', 'csv'].some((name) => values.has(name))) return traffic;
  const first = traffic.findIndex(({ calls, isWatched }) => calls > 0 || isWatched === true);
  return first === -1 ? [] : traffic.slice(first);
}

function periodOf(values: Values): (typeof PERIODS)[number] | undefined {
  const given = values.text('period');
  const period = PERIODS.find((one) => one === given);
  if (given !== undefined && period === undefined)
    throw wrongUsage(`--period is ${show(given)}; expected ${PERIODS.join(', ')}.`);
  return period;
}
