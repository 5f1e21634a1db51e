import { show } from '../../option-reader.js';
import { VERDICTS, type Verdict } from '../../report/report.js';
import { wrongUsage } from '../failure.js';
import { VERDICT_OPTIONS, certaintyOf, reportCommand } from './report-command.js';
import type { Values } from '../values.js';

/** Every endpoint with its verdict. */
export const endpointsCommand = reportCommand({
  name: 'endpoints',
  summary: 'Lists every endpoint with its verdict, those first that can be deleted.',
  options: {
    verdict: {
      value: 'LIST',
      about: `Only these verdicts, with commas between them: ${VERDICTS.join(', ')}.`,
    },
    ...VERDICT_OPTIONS,
  },
  examples: ['endpoints', 'endpoints --days 90 --verdict unused,fails-only --markdown'],
  rows: () => 'endpoints',
  async ask(reports, span, { values }) {
    const wanted = verdictsOf(values);
    const report = await reports.endpoints({ ...span, ...certaintyOf(values) });
    return { ...report, endpoints: report.endpoints.filter(({ verdict }) => wanted.includes(verdict)) };
  },
});

function verdictsOf(values: Values): readonly Verdict[] {
  const given = values
    .text('verdict')
    ?.split(',')
    .map((one) => one.trim());
  const unknown = given?.find((one) => !VERDICTS.some((verdict) => verdict === one));
  if (unknown !== undefined)
    throw wrongUsage(`--verdict has ${show(unknown)}; expected some of ${VERDICTS.join(', ')}.`);
  return (given as Verdict[] | undefined) ?? VERDICTS;
}
