import { reportCommand } from './report-command.js';

/** What all other reports rest on. */
export const statusCommand = reportCommand({
  name: 'status',
  summary:
    'Says what all other reports rest on: how each day was watched, what was lost, and how far summaries reach.',
  isLong: false,
  examples: ['status --days 14'],
  rows: () => 'status',
  ask: (reports, span) => reports.status(span),
});
