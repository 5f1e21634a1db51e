import { escapeControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';
import { cellText } from './cell-text.js';
import { type Sheet, isNumeric } from './column.js';
import { sheetOf } from './sheets.js';

/** A report as Markdown, with a table of GitHub's. What strangers wrote is neither markup, HTML nor a link in it. */
export function renderMarkdown(report: AnyReport): string {
  return markdownOf(sheetOf(report));
}

/** A sheet as Markdown, as {@link renderMarkdown} has it. */
export function markdownOf(sheet: Sheet): string {
  const columns = sheet.columns.filter(({ only }) => only !== 'data');
  const head = [`**${escape(sheet.headline.join(' · '))}**`, ...sheet.notes.map(escape)].join('\n\n');
  if (sheet.rows.length === 0) return `${head}\n`;
  const rows = sheet.rows.map((row) =>
    columns.map((column) =>
      escape(cellText((column.shown ?? column.value)(row), column.kind, sheet, 'absolute')),
    ),
  );
  const lines = [
    columns.map(({ title }) => escape(title)),
    columns.map(({ kind }) => (isNumeric(kind) ? '---:' : '---')),
    ...rows,
  ];
  return `${head}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

/** Escapes what Markdown, HTML in it, and GitHub would act upon, which links plain addresses and sends word to `@name`. */
function escape(text: string): string {
  // Escapes begin with a backslash, which is escaped with the rest.
  return (
    escapeControl(text)
      .replaceAll(/[\\|*_`[\]~!]/g, String.raw`\$&`)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // No backslash helps here: GitHub looks for mentions when Markdown has become HTML.
      .replaceAll(/[@#]/g, '$&<!-- -->')
      .replaceAll('://', String.raw`:\//`)
      .replaceAll(/\bwww\./gi, (match) => `${match.slice(0, -1)}\\.`)
  );
}
