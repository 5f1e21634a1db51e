import { csvPieces } from '../../report/rendering/csv.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import { PAGE_RECORDS, statusesOf } from '../../report/records.js';
import { UsageReports } from '../../report/usage-reports.js';
import type { UsageCountQuery } from '../../storage/usage-query.js';
import { asTyped } from '../as-typed.js';
import type { Command } from '../command.js';
import { EXIT, wrongUsage } from '../failure.js';
import { writeLines } from '../lines.js';
import type { Values } from '../values.js';
import { printSheet } from './report-command.js';

const MOST_ROWS = 10_000;

/** Options that filter by a field as it is, by their names. */
const FILTERS = {
  route: 'route',
  controller: 'controller',
  action: 'action',
  username: 'username',
  path: 'path',
  visitor: 'visitor',
  service: 'serverName',
} as const;

/** The newest records. */
export const recordsCommand: Command = {
  name: 'records',
  summary: 'Lists the newest records that pass the filters.',
  details: ['With more of them, it tells on the error stream the cursor that the next ones begin with.'],
  options: {
    from: { value: 'DATE', about: 'The earliest date, inclusive, as ISO 8601; days are those of UTC.' },
    to: { value: 'DATE', about: 'The end, exclusive, as ISO 8601.' },
    method: { value: 'METHOD', about: 'Only this method.' },
    route: { value: 'ROUTE', about: 'Only this template of a route.' },
    path: { value: 'PATH', about: 'Only this path.' },
    status: { value: 'LIST', about: 'Only these statuses, or classes of them, with commas: 404,5xx.' },
    username: { value: 'NAME', about: 'Only this user.' },
    visitor: { value: 'ID', about: 'Only this visitor of a day.' },
    controller: { value: 'NAME', about: 'Only this controller.' },
    action: { value: 'NAME', about: 'Only this action.' },
    service: { value: 'NAME', about: 'Only this service.' },
    bots: { about: 'Only crawlers, monitors and link previewers.' },
    people: { about: 'Only what is none of these.' },
    limit: { value: 'N', about: `Records at most, up to ${MOST_ROWS}. Default: ${PAGE_RECORDS}.` },
    cursor: { value: 'CURSOR', about: 'Goes on where a call with the same filters ended.' },
    all: { about: 'With --json, all records.' },
    json: { about: 'Prints lines of JSON, a whole record each.' },
    csv: { about: 'Prints CSV with all fields, and with formulas guarded.' },
  },
  examples: [
    'records --status 5xx --from 2026-01-01',
    "records --route '/users/:id' --json --all > records.ndjson",
  ],
  async run({ values, source, out, err, io }) {
    const selection = selectionOf(values);
    const limit = values.integer('limit', 1, MOST_ROWS);
    const cursor = values.text('cursor');
    const storage = await source.readable('read');
    if (values.has('all')) {
      await asTyped(() => writeLines(out, storage.reader.streamUsage(selection)));
      return EXIT.fine;
    }
    const reports = new UsageReports(storage, io.clock);
    const report = await asTyped(() => reports.records({ ...selection, limit, cursor }));
    const { records, nextCursor } = report;
    if (values.has('json')) await writeLines(out, records);
    else if (values.has('csv')) await out.writeAll(csvPieces(report));
    else await printSheet(out, err, sheetOf(report));
    if (nextCursor !== null) await err.write(`There are more: add --cursor ${nextCursor}\n`);
    return EXIT.fine;
  },
};

function selectionOf(values: Values): UsageCountQuery {
  for (const other of ['limit', 'cursor']) values.refuseTogether('all', other);
  values.refuseTogether('bots', 'people');
  values.refuseTogether('json', 'csv');
  if (values.has('all') && !values.has('json'))
    throw wrongUsage('--all is for --json: a table of all records has no end.');
  const filters = Object.entries(FILTERS).map(([option, field]) => [field, values.text(option)] as const);
  return {
    ...Object.fromEntries(filters.filter(([, value]) => value !== undefined)),
    // As requests have it.
    method: values.text('method')?.toUpperCase(),
    startDate: values.text('from'),
    endDate: values.text('to'),
    ...(values.text('status') !== undefined && { status: statusesOf(values.text('status') ?? '') }),
    ...(values.has('bots') && { bot: true }),
    ...(values.has('people') && { bot: false }),
  };
}
