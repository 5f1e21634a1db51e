import { reportCommand } from './report-command.js';

/** What fails. */
export const errorsCommand = reportCommand({
  name: 'errors',
  summary: 'Says which endpoints fail, and with which statuses.',
  examples: ['errors --days 7'],
  rows: () => 'errors',
  ask: (reports, span) => reports.errors(span),
});
