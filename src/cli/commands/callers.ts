import { wrongUsage } from '../failure.js';
import { askedEndpoint } from './asked-endpoint.js';
import { reportCommand } from './report-command.js';

/** Who calls. */
export const callersCommand = reportCommand({
  name: 'callers',
  summary: 'Says who calls the API, or one endpoint; or with --caller, what one caller calls.',
  operands: ['METHOD', 'ROUTE'],
  options: { caller: { value: 'NAME', about: 'What the caller of this name calls.' } },
  examples: ['callers', "callers GET '/users/:id'", 'callers --caller ada --days 30'],
  rows: (report) => ('username' in report ? 'endpoints' : 'callers'),
  async ask(reports, span, { values, operands: [method, route] }) {
    const username = values.text('caller');
    if (username !== undefined && method !== undefined)
      throw wrongUsage('callers: give an endpoint or --caller, and not both.');
    if (username !== undefined) return reports.caller({ ...span, username });
    if (method === undefined || route === undefined) return reports.callers(span);
    return reports.callers({
      ...span,
      endpoint: await askedEndpoint('callers', reports, span, { method, route }),
    });
  },
});
