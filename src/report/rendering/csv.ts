import { escapeControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';
import type { Cell } from './column.js';
import { sheetOf } from './sheets.js';

/** What spreadsheets take for the beginning of a formula (OWASP, «CSV Injection»), also in the wide forms of East Asia. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/;

/** Text that means itself whatever separates the fields. */
const PLAIN = /^[\w ./:-]*$/;

/**
 * A report as CSV (RFC 4180), with the names of fields in the first line, and dates as ISO 8601. An apostrophe stands before text that a
 * spreadsheet would run as a formula.
 */
export function renderCsv(report: AnyReport): string {
  const { columns, rows } = sheetOf(report);
  const fields = columns.filter(({ only }) => only !== 'page');
  const lines = [
    fields.map(({ name }) => name),
    ...rows.map((row) => fields.map(({ value }) => fieldOf(value(row)))),
  ];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function fieldOf(cell: Cell): string {
  if (cell == null) return '';
  if (cell instanceof Date) return cell.toJSON();
  if (typeof cell !== 'string') return String(cell);
  const safe = escapeControl(FORMULA.test(cell) ? `'${cell}` : cell);
  return PLAIN.test(safe) ? safe : `"${safe.replaceAll('"', '""')}"`;
}
