import { sheetOf } from '../../report/rendering/sheets.js';
import { cellText } from '../../report/rendering/cell-text.js';
import type { TrafficReport, TrafficRow } from '../../report/report.js';
import { counted, grouped } from '../../report/words.js';
import { mappedInTurns } from '../../time/in-turns.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { type Bar, barChart } from './charts.js';
import { sheetTable } from './sheet-table.js';

/** Bars that can be told from each other, and are no more than a page should have. */
const MOST_BARS = 400;

/**
 * The calls of a report over time as bars, those that failed at their feet, and the span before as a line. Where there are too many
 * periods, a bar has those of several.
 */
export async function trafficChart(report: TrafficReport): Promise<Html | null> {
  const { traffic, period, people } = report;
  const periods = Math.ceil(traffic.length / MOST_BARS);
  const firsts = Array.from(
    { length: Math.ceil(traffic.length / periods) || 0 },
    (_, index) => index * periods,
  );
  const bars = await mappedInTurns(firsts, (first) => barOf(traffic.slice(first, first + periods), report));
  const width = periods > 1 ? counted(periods, period) : period;
  const chart = await barChart(`Calls by ${width}; the table has the figures`, bars);
  return (
    chart &&
    html`<figure>
${chart}
<figcaption>
<span class="key bar"></span> calls${periods > 1 && ` in ${width} each`} ${!people && html`<span class="key stressed"></span> of these failed`}
<span class="key before"></span> the span before
</figcaption>
</figure>`
  );
}

/** A bar for some periods. Whose errors they are is not told: without crawlers, they are no part of the calls. */
function barOf(rows: readonly TrafficRow[], report: TrafficReport): Bar {
  const sum = (figureOf: (row: TrafficRow) => number): number =>
    rows.reduce((total, row) => total + figureOf(row), 0);
  const calls = sum((row) => row.calls);
  const bots = sum((row) => row.bots);
  const failed = sum((row) => row.clientErrors + row.serverErrors);
  const before = rows.some((row) => row.before === null) ? null : sum((row) => row.before ?? 0);
  const [first, last] = [rows[0], rows.at(-1)].map((row) =>
    cellText(row?.start, 'moment', report, 'absolute'),
  ) as [string, string];
  const parts = [
    counted(calls, 'call'),
    ...(report.people
      ? [`${grouped(bots)} by crawlers`, `${grouped(failed)} of all failed`]
      : [`${grouped(failed)} failed`]),
    ...(before === null ? [] : [`${grouped(before)} before`]),
  ];
  const title = `${first === last ? first : `${first} to ${last}`}: ${parts.join(', ')}`;
  return { label: first, title, value: calls, stressed: report.people ? 0 : failed, before };
}

/** The chart of a report, and its figures as a table, which is folded away. */
export async function trafficFigures(report: TrafficReport, address: Address): Promise<Html> {
  const table = await sheetTable(sheetOf(report), address, { caption: 'Calls over time' });
  return html`${await trafficChart(report)}<details><summary>These figures as a table</summary>${table}</details>`;
}
