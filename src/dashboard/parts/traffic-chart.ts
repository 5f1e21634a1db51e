import { sheetOf } from '../../report/rendering/sheets.js';
import { cellText } from '../../report/rendering/cell-text.js';
import type { TrafficReport } from '../../report/report.js';
import { counted, grouped } from '../../report/words.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { barChart } from './charts.js';
import { sheetTable } from './sheet-table.js';

/** The calls of a report over time as bars, those that failed at their feet, and the span before as a line. */
export function trafficChart(report: TrafficReport): Html | null {
  const { traffic, period } = report;
  const bars = traffic.map(({ start, calls, before, clientErrors, serverErrors }) => {
    const failed = clientErrors + serverErrors;
    const label = cellText(start, 'moment', report, 'absolute');
    const title = `${label}: ${counted(calls, 'call')}, ${grouped(failed)} failed${before === null ? '' : `, ${grouped(before)} before`}`;
    return { label, title, value: calls, stressed: Math.min(failed, calls), before };
  });
  const chart = barChart(`Calls by ${period}; the table has the figures`, bars);
  return (
    chart &&
    html`<figure>
${chart}
<figcaption>
<span class="key bar"></span> calls <span class="key stressed"></span> of these failed
<span class="key before"></span> the span before
</figcaption>
</figure>`
  );
}

/** The chart of a report, and its figures as a table, which is folded away. */
export function trafficFigures(report: TrafficReport, address: Address): Html {
  const table = sheetTable(sheetOf(report), address, { caption: 'Calls over time' });
  return html`${trafficChart(report)}<details><summary>These figures as a table</summary>${table}</details>`;
}
