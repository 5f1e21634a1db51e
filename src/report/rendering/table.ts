import { escapeControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';
import { cellText } from './cell-text.js';
import { type Column, type Sheet, type Tone, isNumeric } from './column.js';
import { sheetOf } from './sheets.js';
import { shortened, textWidth, wrapped } from './text-width.js';

const GAP = '  ';

/** The least width of what strangers wrote, before other columns are left out. */
const NARROW = 12;

/** The width of what strangers wrote where a line has no end. */
const WIDEST = 60;

/** The width that sentences keep until the columns of the last rank are left out, and until others are. */
const SENTENCE = 50;
const SHORT_SENTENCE = 24;

/** Columns that are never left out. */
const MOST_NEEDED = 2;

/** How a table is shown. */
export interface TableOptions {
  /** The places that a line may take; columns are left out, and texts shortened. @default Infinity */
  readonly width?: number;
  /** Puts colours around a text. @default the text itself */
  readonly style?: (tone: Tone | 'heading' | 'title', text: string) => string;
}

interface TableColumn<Row = never> {
  readonly column: Column<Row>;
  readonly texts: readonly string[];
  width: number;
}

/** A report as a table for a terminal. What strangers wrote is escaped, so that it moves no cursor and takes one line. */
export function renderTable(report: AnyReport, options?: TableOptions): string {
  return renderSheet(sheetOf(report), options);
}

/** A sheet as {@link renderTable} shows that of a report. */
export function renderSheet<Row>(sheet: Sheet<Row>, options: TableOptions = {}): string {
  const { width = Infinity, style = (_tone, text): string => text } = options;
  const all = columnsOf(sheet);
  const columns = fitted(all, width);
  const wrap = (text: string, tone: Tone | 'title'): string[] =>
    wrapped(escapeControl(text), width).map((line) => style(tone, line));
  const head = [
    ...wrap(sheet.headline.join(' · '), 'title'),
    ...sheet.notes.flatMap((note) => wrap(note, 'faint')),
  ];
  const titles = lineOf(columns, (one) => [one.column.title, 'heading'], style);
  const rows = sheet.rows.map((row, index) =>
    lineOf(columns, (one) => [one.texts[index] ?? '', one.column.tone?.(row) ?? null], style),
  );
  const missing = all.filter((one) => !columns.includes(one)).map(({ column }) => column.title);
  const note = `left out for width: ${missing.join(', ')}; --json has all`;
  const table = [titles, ...rows, ...(missing.length === 0 ? [] : wrap(note, 'faint'))];
  return `${[...head, ...(rows.length === 0 ? [] : table)].join('\n')}\n`;
}

function lineOf<Row>(
  columns: readonly TableColumn<Row>[],
  cellOf: (one: TableColumn<Row>) => readonly [text: string, tone: Tone | 'heading' | null],
  style: Required<TableOptions>['style'],
): string {
  const cells = columns.map((one) => {
    const [text, tone] = cellOf(one);
    const cell = shortened(text, one.width);
    const blanks = ' '.repeat(one.width - textWidth(cell));
    const stressed = tone === null || cell === '' ? cell : style(tone, cell);
    return isNumeric(one.column.kind) ? blanks + stressed : stressed + blanks;
  });
  return cells.join(GAP).trimEnd();
}

function columnsOf<Row>(sheet: Sheet<Row>): TableColumn<Row>[] {
  const shown = sheet.columns.filter(({ only }) => only !== 'data');
  return shown.map((column) => {
    const texts = sheet.rows.map((row) => {
      const cell = (column.shown ?? column.value)(row);
      return escapeControl(cellText(cell, column.kind, sheet, 'relative'));
    });
    const width = texts.reduce((most, text) => Math.max(most, textWidth(text)), textWidth(column.title));
    return { column, texts, width };
  });
}

/** Leaves out columns by their rank until a line fits with the others at their least, and shortens the widest of these. */
function fitted<Row>(columns: readonly TableColumn<Row>[], width: number): readonly TableColumn<Row>[] {
  if (width === Infinity) {
    for (const one of columns)
      if (isText(one) && !one.column.isSentence) one.width = Math.min(one.width, WIDEST);
    return columns;
  }
  const kept = [...columns];
  leaveOut(kept, width, 3, SENTENCE);
  leaveOut(kept, width, 1, SHORT_SENTENCE);
  shorten(kept, width, (one) => leastOf(one, SHORT_SENTENCE));
  shorten(kept, width, (one) => (isText(one) ? NARROW : one.width));
  while (kept.length > MOST_NEEDED && lineWidth(kept) > width) kept.pop();
  shorten(kept, width, () => 1);
  return kept;
}

/** Leaves out columns from a rank on, the highest first, and of one rank the last, while a line is too long with all at their least. */
function leaveOut<Row>(columns: TableColumn<Row>[], width: number, fromRank: number, sentence: number): void {
  const rankOf = ({ column: { rank = 2 } }: TableColumn<Row>): number => rank;
  const isTooLong = (): boolean =>
    lineWidth(columns.map((one) => ({ width: leastOf(one, sentence) }))) > width;
  while (columns.length > MOST_NEEDED && isTooLong()) {
    const highest = Math.max(...columns.map(rankOf));
    if (highest < fromRank) return;
    columns.splice(
      columns.findLastIndex((one) => rankOf(one) === highest),
      1,
    );
  }
}

function isText<Row>({ column }: TableColumn<Row>): boolean {
  return column.kind === 'text';
}

function leastOf<Row>(one: TableColumn<Row>, sentence: number): number {
  const { least = NARROW, isSentence = false } = one.column;
  return isText(one) ? Math.min(one.width, isSentence ? sentence : least) : one.width;
}

function shorten<Row>(
  columns: readonly TableColumn<Row>[],
  width: number,
  least: (one: TableColumn<Row>) => number,
): void {
  for (let over = lineWidth(columns) - width; over > 0; over -= 1) {
    const widest = columns
      .filter((one) => isText(one) && one.width > least(one))
      .toSorted((one, other) => other.width - one.width)[0];
    if (widest === undefined) return;
    widest.width -= 1;
  }
}

function lineWidth(columns: readonly Pick<TableColumn, 'width'>[]): number {
  return columns.reduce((sum, one) => sum + one.width, 0) + GAP.length * (columns.length - 1);
}
