import { allCallsOf } from '../../report/call-figures.js';
import { cellText } from '../../report/rendering/cell-text.js';
import type { ColumnKind } from '../../report/rendering/column.js';
import { verdictColumn } from '../../report/rendering/columns.js';
import type { EndpointRow, ReportBasis } from '../../report/report.js';
import { type Html, type Part, html } from '../html.js';

type TextOf = (value: number | Date | null, kind: ColumnKind) => string;

/** What is known of an endpoint, each fact with its name. */
export function endpointFacts(row: EndpointRow, basis: ReportBasis): Html {
  const text: TextOf = (value, kind) => cellText(value, kind, basis, 'absolute');
  const { verdict, reason, deprecation } = row;
  const tone = verdictColumn<EndpointRow>().tone?.(row);
  const action = [row.controller, row.action].filter((name) => name !== null).join('.');
  return html`<dl class="facts">
${fact('Verdict', html`<b class="${tone}">${verdict}</b>: ${reason}`)}
${fact('Action', action || '–')}
${calledFacts(row, basis, text)}
${fact('Tracked since', text(row.trackedSince, 'day'))}
${row.renamedTo !== null && fact('Renamed', `to ${row.renamedTo}?`)}
${row.renamedFrom !== null && fact('Renamed', `from ${row.renamedFrom}?`)}
${deprecation !== null && fact('Deprecated', `since ${text(deprecation.since, 'day')}, sunset ${text(deprecation.sunset, 'day')}, replacement ${deprecation.replacement ?? '–'}`)}
</dl>`;
}

/** What is known of the calls, as far as something is. */
function calledFacts(row: EndpointRow, basis: ReportBasis, text: TextOf): Part {
  const { verdict, calls, lastCall, p50Ms, p95Ms, p99Ms } = row;
  if (verdict === 'untracked' && calls === 0) return fact('Calls', 'not known');
  return [
    fact(
      'Calls',
      allCallsOf(row, basis) === 0
        ? 'none in these days'
        : callsText(row, basis, (count) => text(count, 'count')),
    ),
    p50Ms !== null &&
      fact(
        'Duration',
        `half are faster than ${text(p50Ms, 'milliseconds')}, 95 % than ${text(p95Ms, 'milliseconds')}, 99 % than ${text(p99Ms, 'milliseconds')}`,
      ),
    fact('Last call', lastCall === null ? 'never' : text(lastCall, 'moment')),
  ];
}

/** The calls, and what is told of all of them: summaries do not tell which errors are those of crawlers. */
function callsText(row: EndpointRow, basis: ReportBasis, text: (count: number) => string): string {
  const { calls, clientErrors, serverErrors, bots } = row;
  const errors = `${text(clientErrors)} with a status of 4xx, ${text(serverErrors)} of 5xx`;
  if (!basis.people) return `${text(calls)}, of which ${errors}, ${text(bots)} by crawlers`;
  return `${text(calls)}, and ${text(bots)} by crawlers; of all ${text(allCallsOf(row, basis))}, ${errors}`;
}

function fact(name: string, value: Part): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
