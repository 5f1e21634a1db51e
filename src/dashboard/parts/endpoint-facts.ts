import { cellText } from '../../report/rendering/cell-text.js';
import type { ColumnKind } from '../../report/rendering/column.js';
import { verdictColumn } from '../../report/rendering/columns.js';
import type { EndpointRow, ReportBasis } from '../../report/report.js';
import { type Html, type Part, html } from '../html.js';

/** What is known of an endpoint, each fact with its name. */
export function endpointFacts(row: EndpointRow, basis: ReportBasis): Html {
  const text = (value: number | Date | null, kind: ColumnKind): string =>
    cellText(value, kind, basis, 'absolute');
  const { verdict, reason, calls, clientErrors, serverErrors, bots, deprecation } = row;
  const tone = verdictColumn<EndpointRow>().tone?.(row);
  const action = [row.controller, row.action].filter((name) => name !== null).join('.');
  return html`<dl class="facts">
${fact('Verdict', html`<b class="${tone}">${verdict}</b>: ${reason}`)}
${fact('Action', action || '–')}
${fact('Calls', `${text(calls, 'count')}, of which ${text(clientErrors, 'count')} with a status of 4xx, ${text(serverErrors, 'count')} of 5xx, ${text(bots, 'count')} by crawlers`)}
${fact('Duration', `half are faster than ${text(row.p50Ms, 'milliseconds')}, 95 % than ${text(row.p95Ms, 'milliseconds')}, 99 % than ${text(row.p99Ms, 'milliseconds')}`)}
${fact('Last call', row.lastCall === null ? 'never' : text(row.lastCall, 'moment'))}
${fact('Tracked since', text(row.trackedSince, 'day'))}
${row.renamedTo !== null && fact('Renamed', `to ${row.renamedTo}?`)}
${row.renamedFrom !== null && fact('Renamed', `from ${row.renamedFrom}?`)}
${deprecation !== null && fact('Deprecated', `since ${text(deprecation.since, 'day')}, sunset ${text(deprecation.sunset, 'day')}, replacement ${deprecation.replacement ?? '–'}`)}
</dl>`;
}

function fact(name: string, value: Part): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
