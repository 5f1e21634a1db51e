import type { Column, Sheet } from '../../report/rendering/column.js';
import { column, endpointColumns, lastCallColumn } from '../../report/rendering/columns.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import type { RemovalReport } from '../../report/report.js';
import { type AnnotationLevel, annotation } from './github.js';
import { junitText } from './junit.js';
import {
  type CheckedRemoval,
  type CheckedRow,
  type Finding,
  conclusionOf,
  nameOf,
  sentenceOf,
} from './judge-removal.js';

const TONES = { needed: 'bad', unclear: 'warning', accepted: 'faint', free: 'good' } as const;

const LEVELS: Readonly<Record<Finding, AnnotationLevel>> = {
  needed: 'error',
  unclear: 'warning',
  accepted: 'notice',
  free: 'notice',
};

const RESULTS = { needed: 'failed', unclear: 'unknown', accepted: 'passed', free: 'passed' } as const;

function columnsOf(services: readonly string[]): Column<CheckedRow>[] {
  return [
    column('finding', 'FINDING', 'text', { tone: ({ finding }) => TONES[finding] }),
    column('change', 'CHANGE', 'text'),
    ...endpointColumns<CheckedRow>(services),
    column('renamedTo', 'RENAMED TO?', 'text'),
    column('verdict', 'VERDICT', 'text'),
    column('calls', 'CALLS', 'count'),
    column('callers', 'CALLERS', 'count', { shown: ({ callers }) => callers ?? undefined }),
    lastCallColumn(),
    column('reason', 'WHY', 'text'),
  ];
}

/** A check as a table. */
export function sheetOfCheck(checked: CheckedRemoval): Sheet {
  const { removal, notes, services } = checked;
  // Its rows have the fields that a sheet counts.
  const sheet = sheetOf(checked as unknown as RemovalReport);
  return {
    ...sheet,
    notes: [...sheet.notes, ...notes, conclusionOf(checked)],
    columns: columnsOf(services),
    rows: removal,
  } as unknown as Sheet;
}

/** A check as annotations of GitHub Actions, one for each endpoint, and one that says what came out. */
export function annotationsOf(checked: CheckedRemoval): string {
  const { removal, notes, timeZone } = checked;
  const levels = new Set(removal.map(({ finding }) => LEVELS[finding]));
  const worst = (['error', 'warning'] as const).find((level) => levels.has(level)) ?? 'notice';
  return [
    annotation(worst, 'Endpoints', conclusionOf(checked)),
    ...removal.map((row) =>
      annotation(LEVELS[row.finding], `Endpoint ${row.finding}`, sentenceOf(row, timeZone)),
    ),
    ...notes.map((note) => annotation('notice', 'Endpoints', note)),
  ].join('');
}

/** A check as a report of JUnit: a case for each endpoint that is taken away, or one that says that there is none. */
export function junitOf(checked: CheckedRemoval): string {
  const { removal, timeZone, services } = checked;
  const cases = removal.map((row) => ({
    group: row.service,
    name: nameOf(row),
    result: RESULTS[row.finding],
    message: sentenceOf(row, timeZone),
  }));
  const nothing = {
    group: services.join(', '),
    name: 'Endpoints',
    result: 'passed',
    message: conclusionOf(checked),
  } as const;
  return junitText('koa-track-usage check', cases.length === 0 ? [nothing] : cases);
}
