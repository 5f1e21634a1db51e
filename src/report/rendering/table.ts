import { escapeControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';
import { cellText } from './cell-text.js';
import { type Column, type Sheet, type Tone, isNumeric } from './column.js';
import { sheetOf } from './sheets.js';
import { shortened, textWidth, wrapped } from './text-width.js';

const GAP = '  ';

/** What columns of text are shortened to before others are left out. */
const NARROW = 12;

/** Columns that are never left out. */
const MOST_NEEDED = 2;

/** How a table is shown. */
export interface TableOptions {
  /** The places that a line may take; texts are shortened to it. @default Infinity */
  readonly width?: number;
  /** Puts colours around a text. @default the text itself */
  readonly style?: (tone: Tone | 'heading' | 'title', text: string) => string;
}

interface TableColumn {
  readonly column: Column<never>;
  readonly texts: readonly string[];
  width: number;
}

/** A report as a table for a terminal. What strangers wrote is escaped, so that it moves no cursor and takes one line. */
export function renderTable(report: AnyReport, options?: TableOptions): string {
  return renderSheet(sheetOf(report), options);
}

/** A sheet as {@link renderTable} shows that of a report. */
export function renderSheet(sheet: Sheet, options: TableOptions = {}): string {
  const { width = Infinity, style = (_tone, text): string => text } = options;
  const columns = fitted(columnsOf(sheet), width);
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
  return `${[...head, ...(rows.length === 0 ? [] : [titles, ...rows])].join('\n')}\n`;
}

function lineOf(
  columns: readonly TableColumn[],
  cellOf: (one: TableColumn) => readonly [text: string, tone: Tone | 'heading' | null],
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

function columnsOf(sheet: Sheet): TableColumn[] {
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

/** Shortens the widest columns of text until a line fits; then leaves out the last ones; then shortens what is left. */
function fitted(columns: readonly TableColumn[], width: number): readonly TableColumn[] {
  const kept = [...columns];
  shorten(kept, width, NARROW);
  while (kept.length > MOST_NEEDED && lineWidth(kept) > width) kept.pop();
  shorten(kept, width, 1);
  return kept;
}

function shorten(columns: readonly TableColumn[], width: number, least: number): void {
  for (let over = lineWidth(columns) - width; over > 0; over -= 1) {
    const widest = columns
      .filter((one) => one.column.kind === 'text' && one.width > least)
      .toSorted((one, other) => other.width - one.width)[0];
    if (widest === undefined) return;
    widest.width -= 1;
  }
}

function lineWidth(columns: readonly TableColumn[]): number {
  return columns.reduce((sum, one) => sum + one.width, 0) + GAP.length * (columns.length - 1);
}
