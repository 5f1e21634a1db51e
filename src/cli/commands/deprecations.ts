import { VERDICT_OPTIONS, certaintyOf, reportCommand } from './report-command.js';

/** Who still calls what is deprecated. */
export const deprecationsCommand = reportCommand({
  name: 'deprecations',
  summary:
    'Says of every deprecated endpoint who still calls it, how long until its sunset, and whether it can be removed.',
  options: VERDICT_OPTIONS,
  examples: ['deprecations --days 30'],
  rows: () => 'deprecations',
  ask: (reports, span, { values }) => reports.deprecations({ ...span, ...certaintyOf(values) }),
});
