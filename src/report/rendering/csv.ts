import { escapeControl } from '../../record/escape-control.js';
import { piecesInTurns } from '../../time/in-turns.js';
import type { AnyReport } from '../report.js';
import type { Cell } from './column.js';
import { sheetOf } from './sheets.js';

/** What spreadsheets take for the beginning of a formula (OWASP, «CSV Injection»), also in the wide forms of East Asia. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/;

/** Text that means itself whatever separates the fields. */
const PLAIN = /^[\w ./:-]*$/;

/**
 * A report as CSV (RFC 4180), with the names of fields in the first line, and dates as ISO 8601. An apostrophe stands before text that a
 * spreadsheet would run as a formula. The event loop is left to others after every few rows.
 */
export async function renderCsv(report: AnyReport): Promise<string> {
  let text = '';
  for await (const piece of csvPieces(report)) text += piece;
  return text;
}

/** A report as {@link renderCsv} has it, a few rows at a time. */
export function csvPieces(report: AnyReport): AsyncIterable<string> {
  return piecesInTurns(linesOf(report));
}

function* linesOf(report: AnyReport): Iterable<string> {
  const { columns, rows } = sheetOf(report);
  const fields = columns.filter(({ only }) => only !== 'page');
  yield lineOf(fields.map(({ name }) => name));
  for (const row of rows) yield lineOf(fields.map(({ value }) => fieldOf(value(row))));
}

function lineOf(fields: readonly string[]): string {
  return `${fields.join(',')}\r\n`;
}

function fieldOf(cell: Cell): string {
  if (cell == null) return '';
  if (cell instanceof Date) return cell.toJSON();
  if (typeof cell !== 'string') return String(cell);
  const safe = escapeControl(FORMULA.test(cell) ? `'${cell}` : cell);
  return PLAIN.test(safe) ? safe : `"${safe.replaceAll('"', '""')}"`;
}
