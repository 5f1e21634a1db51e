import { escapeJsonControl } from '../../record/escape-control.js';
import { piecesInTurns } from '../../time/in-turns.js';
import type { AnyReport } from '../report.js';

/**
 * A report as JSON, with dates as ISO 8601. Control characters in it are escaped, and values remain equal. The event loop is left to
 * others after every few rows.
 */
export async function renderJson(report: AnyReport): Promise<string> {
  let text = '';
  for await (const piece of jsonPieces(report)) text += piece;
  return text;
}

/** A report as {@link renderJson} has it, a few rows at a time. */
export function jsonPieces(report: AnyReport): AsyncIterable<string> {
  return piecesInTurns(textsOf(report));
}

/** A value as JSON for people and programs, with control characters escaped. */
export function jsonText(value: object): string {
  return `${pretty(value, '')}\n`;
}

function* textsOf(report: AnyReport): Iterable<string> {
  let before = '{';
  for (const [name, value] of Object.entries(report)) {
    yield `${before}\n  "${name}": `;
    before = ',';
    if (Array.isArray(value) && value.length > 0) yield* listTexts(value);
    else yield pretty(value, '  ');
  }
  yield '\n}\n';
}

function* listTexts(rows: readonly unknown[]): Iterable<string> {
  let before = '[';
  for (const row of rows) {
    yield `${before}\n    ${pretty(row, '    ')}`;
    before = ',';
  }
  yield '\n  ]';
}

function pretty(value: unknown, indent: string): string {
  // Line feeds of the layout stay. Those within texts are escaped by JSON itself.
  return JSON.stringify(value, null, 2).split('\n').map(escapeJsonControl).join(`\n${indent}`);
}
