import { styleText } from 'node:util';
import { csvPieces } from '../../report/rendering/csv.js';
import { jsonPieces } from '../../report/rendering/json.js';
import type { Sheet } from '../../report/rendering/column.js';
import { renderMarkdown } from '../../report/rendering/markdown.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import { type TableOptions, renderSheet } from '../../report/rendering/table.js';
import { MOST_DAYS, type ReportOptions } from '../../report/report-options.js';
import type { AnyReport, RecordsReport } from '../../report/report.js';
import { UsageReports } from '../../report/usage-reports.js';
import { asTyped } from '../as-typed.js';
import type { Call, CliOptions, Command } from '../command.js';
import { EXIT, unknownService } from '../failure.js';
import type { Output } from '../output.js';
import type { Values } from '../values.js';

/** Rows of a table without `--all`. */
const TABLE_ROWS = 50;

/** The highest `--limit`. */
export const MOST_ROWS = 1_000_000;

const COLORS = {
  bad: 'red',
  warning: 'yellow',
  good: 'green',
  faint: 'dim',
  heading: 'bold',
  title: 'bold',
} as const;

/** The options of which span of time and which service a report is about. */
const SPAN_OPTIONS: CliOptions = {
  days: { value: 'N', about: 'The last so many days. Default: 90.' },
  from: {
    value: 'DATE',
    about: 'The earliest day instead of --days, as ISO 8601, in the time zone of the summaries.',
  },
  to: { value: 'DATE', about: 'The end, exclusive, as ISO 8601; of a day, its beginning. Default: now.' },
  service: { value: 'NAME', about: 'Only this service. Default: all.' },
  people: {
    about:
      'Leaves crawlers, monitors and link previewers out of the calls; verdicts, errors and percentiles stay.',
  },
};

/** The options of how sure a verdict has to be. */
export const VERDICT_OPTIONS: CliOptions = {
  'minimum-days': {
    value: 'N',
    about: 'Days that an endpoint has to be tracked for before it is judged. Default: 30.',
  },
  'missing-days': { value: 'N', about: 'Days on which nobody may have watched. Default: 0.' },
};

const FORMAT_OPTIONS: CliOptions = {
  json: { about: 'Prints JSON: what the report rests on, and all rows.' },
  csv: { about: 'Prints CSV, with formulas guarded, and several names in a cell with ; in between.' },
  markdown: { about: 'Prints Markdown, such as for a comment on a pull request.' },
};

const ROW_OPTIONS: CliOptions = {
  limit: { value: 'N', about: `Rows at most. Default: ${TABLE_ROWS} in a table, else all.` },
  all: { about: 'All rows.' },
};

/** The span of time, and the service, that a report is about. */
export type Span = Pick<ReportOptions, keyof ReportOptions>;

/** What such a command prints. */
type SpanReport = Exclude<AnyReport, RecordsReport>;

/** A command that prints a report. */
interface ReportCommand extends Omit<Command, 'run' | 'options'> {
  readonly options?: CliOptions;
  /** Whether there may be many rows, so that a table has some of them. @default true */
  readonly isLong?: boolean;
  /** Where the rows are in the report. */
  readonly rows: (report: SpanReport) => string;
  readonly ask: (reports: UsageReports, span: Span, call: Call) => Promise<SpanReport>;
}

/** Makes a command of a report. */
export function reportCommand({ rows, ask, options = {}, isLong = true, ...about }: ReportCommand): Command {
  return {
    ...about,
    options: { ...options, ...SPAN_OPTIONS, ...FORMAT_OPTIONS, ...(isLong ? ROW_OPTIONS : {}) },
    async run(call) {
      const { values, io, source } = call;
      values.refuseTogether('json', 'csv', 'markdown');
      values.refuseTogether('limit', 'all');
      const limit = values.integer('limit', 1, MOST_ROWS);
      const span = spanOf(values);
      const reports = new UsageReports(await source.readable('read'), io.clock).together();
      const report = await asTyped(() => ask(reports, span, call));
      await refuseUnknownService(reports, span, report);
      await print(call, report, rows, limit ?? (isLong ? undefined : MOST_ROWS));
      return EXIT.fine;
    },
  };
}

/** @throws {CliError} if nothing is known of the service that is asked about */
async function refuseUnknownService(reports: UsageReports, span: Span, report: SpanReport): Promise<void> {
  const { service } = span;
  if (service === undefined || report.services.includes(service)) return;
  const { services } = await reports.status({ ...span, service: undefined });
  throw unknownService(service, services);
}

/** The days that a call is about. */
function spanOf(values: Values): Span {
  values.refuseTogether('days', 'from');
  return {
    days: values.integer('days', 1, MOST_DAYS),
    from: values.text('from'),
    to: values.text('to'),
    service: values.text('service'),
    people: values.has('people'),
  };
}

/** How sure a verdict has to be, as a call says. */
export function certaintyOf(values: Values): {
  minimumDays: number | undefined;
  missingDays: number | undefined;
} {
  return {
    minimumDays: values.integer('minimum-days', 1, MOST_DAYS),
    missingDays: values.integer('missing-days', 0, MOST_DAYS),
  };
}

async function print(
  { values, out, err }: Call,
  report: SpanReport,
  rowsOf: (report: SpanReport) => string,
  limit: number | undefined,
): Promise<void> {
  const name = rowsOf(report);
  const rows = (report as unknown as Record<string, readonly unknown[]>)[name] ?? [];
  const cut = { ...report, [name]: rows.slice(0, limit) } as SpanReport;
  if (values.has('json')) return out.writeAll(jsonPieces(cut));
  if (values.has('csv')) return out.writeAll(csvPieces(cut));
  if (values.has('markdown')) return out.write(renderMarkdown(cut));
  await printSheet(out, err, sheetOf(report), limit ?? (values.has('all') ? undefined : TABLE_ROWS));
}

/** Prints a sheet as a table, and on the other stream how many rows there are beyond the limit. */
export async function printSheet<Row>(
  out: Output,
  err: Output,
  sheet: Sheet<Row>,
  limit = Infinity,
): Promise<void> {
  const { rows } = sheet;
  await out.write(renderSheet({ ...sheet, rows: rows.slice(0, limit) }, tableOptionsOf(out)));
  if (rows.length > limit) await err.write(`${limit} of ${rows.length} rows; --all shows all of them.\n`);
}

function tableOptionsOf({ width, stream }: Output): TableOptions {
  return {
    ...(width !== null && { width }),
    style: (tone, text) => styleText(COLORS[tone], text, { stream }),
  };
}
