import { escapeJsonControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';

/** A report as JSON, with dates as ISO 8601. Control characters in it are escaped, and values remain equal. */
export function renderJson(report: AnyReport): string {
  return jsonText(report);
}

/** A value as JSON for people and programs, with control characters escaped. */
export function jsonText(value: object): string {
  // Line feeds of the layout stay. Those within texts are escaped by JSON itself.
  return `${JSON.stringify(value, null, 2).split('\n').map(escapeJsonControl).join('\n')}\n`;
}
