import { allCallsOf } from '../../report/call-figures.js';
import { cellText } from '../../report/rendering/cell-text.js';
import type { ColumnKind } from '../../report/rendering/column.js';
import { beforeText } from '../../report/rendering/columns.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import type {
  AnyReport,
  CallFigures,
  CallersReport,
  EndpointRow,
  EndpointsReport,
  ErrorsReport,
  TrafficReport,
  Verdict,
} from '../../report/report.js';
import type { Address } from '../address.js';
import { type Exact, type Html, html } from '../html.js';
import { sparkline } from '../parts/charts.js';
import { nothingYet } from '../parts/nothing.js';
import { dataLinks, pageOf, section } from '../parts/sections.js';
import { sheetTable } from '../parts/sheet-table.js';
import { trafficFigures } from '../parts/traffic-chart.js';
import type { View } from '../view.js';

/** The rows of a list on this page. */
const LIST_ROWS = 5;

/** Verdicts that ask for a decision, or say that none can be taken yet, and what that is about. */
const DECISIONS: readonly (readonly [verdicts: readonly Verdict[], heading: string])[] = [
  [['unused'], 'can be deleted'],
  [['bots-only'], 'called by crawlers alone'],
  [['fails-only'], 'always failing'],
  [['deprecated'], 'deprecated, and called'],
  [['gone-still-called'], 'gone, and still called'],
  [['too-young', 'unwatched', 'sampled'], 'not called, which cannot be judged yet'],
  [['untracked'], 'not tracked'],
];

/** The reports that lists are made of. */
interface Told {
  readonly endpoints: EndpointsReport;
  readonly errors: ErrorsReport;
  readonly callers: CallersReport;
}

/** What is most worth knowing, from several reports. */
export const overviewView: View = {
  name: 'overview',
  navigation: 'Overview',
  async make({ reports, address }) {
    const traffic = await reports.traffic(address.span);
    const endpoints = await reports.endpoints({ ...address.span, ...address.certainty });
    const callers = await reports.callers(address.span);
    const errors = await reports.errors(address.span);
    const page = pageOf('Overview', traffic, html``);
    if (traffic.services.length === 0) return { ...page, body: nothingYet(traffic) };
    const body = html`${cards(traffic, callers)}
${section(
  'Calls over time',
  await trafficFigures(traffic, address),
  dataLinks((format) => address.to('traffic', format)),
)}
${section('To be decided', decisions(endpoints, address))}
<div class="columns">${await lists({ endpoints, errors, callers }, address)}</div>`;
    return { ...page, body };
  },
};

/** The figures that matter most, each with that of the span before. */
function cards(report: TrafficReport, told: CallersReport): Html {
  const { callers, callersBefore, callersSince, isCapped } = told;
  const { total, totalBefore, traffic } = report;
  const text = (value: number | null, kind: ColumnKind): string =>
    cellText(value ?? undefined, kind, report, 'absolute');
  const earlier = (value: number | null, kind: ColumnKind): string =>
    value === null ? 'nothing known of the span before' : `${text(value, kind)} in the span before`;
  const named = callers.filter(({ username, isOther }) => username !== null && !isOther).length;
  return html`<dl class="cards">
${card(
  'Calls',
  text(total.calls, 'count'),
  beforeText(total, report),
  sparkline(
    'Calls over time',
    traffic.map(({ calls }) => calls),
  ),
)}
${card(
  'Errors',
  text(rateOf(total, report), 'share'),
  earlier(rateOf(totalBefore, report), 'share'),
  sparkline(
    'Errors over time',
    traffic.map((row) => row.clientErrors + row.serverErrors),
  ),
)}
${card(
  '95 % are faster than',
  text(total.p95Ms, 'milliseconds'),
  earlier(totalBefore?.p95Ms ?? null, 'milliseconds'),
  sparkline(
    'The 95th percentile over time',
    traffic.map(({ p95Ms }) => p95Ms ?? 0),
  ),
)}
${card('Callers by name', `${isCapped ? 'at least ' : ''}${text(named, 'count')}${callersSince === null ? '' : ' told'}`, earlier(callersBefore, 'count'))}
</dl>`;
}

/** The share of all calls that failed; null where there are none. */
function rateOf(figures: CallFigures | null, report: TrafficReport): number | null {
  const calls = figures === null ? 0 : allCallsOf(figures, report);
  return figures === null || calls === 0 ? null : (figures.clientErrors + figures.serverErrors) / calls;
}

function card(name: string, value: string, before: string, line: Html | null = null): Html {
  return html`<div>
<dt>${name}</dt>
<dd class="value">${value}</dd>
<dd class="faint">${before}</dd>
${line && html`<dd>${line}</dd>`}
</div>`;
}

function decisions({ endpoints, asOf }: EndpointsReport, address: Address): Html {
  // What has a sunset stays until then, whether or not somebody calls.
  const isDue = ({ verdict, deprecation }: EndpointRow): boolean =>
    verdict !== 'unused' || !(Number(deprecation?.sunset) > asOf.getTime());
  const found = DECISIONS.map(([verdicts, heading]) => ({
    verdict: verdicts.join(','),
    heading,
    count: endpoints.filter((row) => verdicts.includes(row.verdict) && isDue(row)).length,
  })).filter(({ count }) => count > 0);
  if (found.length === 0) return html`<p class="good">Nothing.</p>`;
  return html`<ul class="decisions">
${found.map(
  ({ verdict, heading, count }) =>
    html`<li>
<a href="${address.to('endpoints', { verdict })}"><b>${count}</b> ${heading}</a>
</li>`,
)}
</ul>`;
}

/** The rows of reports that stand out. */
async function lists({ endpoints, errors, callers }: Told, address: Address): Promise<readonly Html[]> {
  const top = (figureOf: (row: EndpointRow) => number): AnyReport => ({
    ...endpoints,
    endpoints: endpoints.endpoints
      .filter((row) => figureOf(row) > 0)
      .toSorted((one, other) => figureOf(other) - figureOf(one))
      .slice(0, LIST_ROWS),
  });
  const sortedBy = (sort: string): Exact => address.to('endpoints', { sort, order: 'down' });
  const failing = { ...errors, errors: errors.errors.slice(0, LIST_ROWS) };
  const calling = { ...callers, callers: callers.callers.slice(0, LIST_ROWS) };
  const told = [
    ['Busiest', top(({ calls }) => calls), ['calls', 'change'], sortedBy('calls')],
    ['Slowest', top(({ p95Ms }) => p95Ms ?? 0), ['calls', 'p95Ms'], sortedBy('p95Ms')],
    ['Most errors', failing, ['serverErrors', 'clientErrors', 'errorRate'], address.to('errors')],
    ['Callers', calling, ['username', 'calls', 'change'], address.to('callers')],
  ] as const;
  const listOf = async ([heading, report, columns, all]: (typeof told)[number]): Promise<Html> => {
    const only = ['service', 'endpoint', ...columns];
    return section(heading, await sheetTable(sheetOf(report), address, { caption: heading, only, all }));
  };
  return Promise.all(told.map(listOf));
}
