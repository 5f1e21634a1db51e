import { reportCommand } from './report-command.js';

/** What is gone. */
export const goneCommand = reportCommand({
  name: 'gone',
  summary: 'Says which endpoints no instance declares any more, and who still asks for them.',
  examples: ['gone --days 30'],
  rows: () => 'gone',
  ask: (reports, span) => reports.gone(span),
});
