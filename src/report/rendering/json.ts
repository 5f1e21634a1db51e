import { escapeJsonControl } from '../../record/escape-control.js';
import type { AnyReport } from '../report.js';

/** A report as JSON, with dates as ISO 8601. Control characters in it are escaped, and values remain equal. */
export function renderJson(report: AnyReport): string {
  return `${escapeControlOutside(JSON.stringify(report, null, 2))}\n`;
}

/** Line feeds of the layout stay. Those within texts are escaped by JSON itself. */
function escapeControlOutside(json: string): string {
  return json.split('\n').map(escapeJsonControl).join('\n');
}
