import { escapeJsonControl } from '../../record/escape-control.js';
import { mappedInTurns } from '../../time/in-turns.js';
import type { AnyReport } from '../report.js';

/**
 * A report as JSON, with dates as ISO 8601. Control characters in it are escaped, and values remain equal. The event loop is left to
 * others after every few rows.
 */
export async function renderJson(report: AnyReport): Promise<string> {
  // Texts are added and not joined: V8 copies each once, when the whole is written.
  let text = '{';
  for (const [name, value] of Object.entries(report)) {
    const isList = Array.isArray(value) && value.length > 0;
    text += `${text === '{' ? '' : ','}\n  "${name}": `;
    text += isList ? await listText(value) : pretty(value, '  ');
  }
  return `${text}\n}\n`;
}

/** A value as JSON for people and programs, with control characters escaped. */
export function jsonText(value: object): string {
  return `${pretty(value, '')}\n`;
}

async function listText(rows: readonly unknown[]): Promise<string> {
  let text = '[';
  await mappedInTurns(rows, (row) => {
    text += `${text === '[' ? '' : ','}\n    ${pretty(row, '    ')}`;
  });
  return `${text}\n  ]`;
}

function pretty(value: unknown, indent: string): string {
  // Line feeds of the layout stay. Those within texts are escaped by JSON itself.
  return JSON.stringify(value, null, 2).split('\n').map(escapeJsonControl).join(`\n${indent}`);
}
