import type { DeprecationsReport } from '../../report/report.js';
import { endpointText } from '../parts/endpoint-text.js';
import { type Html, html } from '../html.js';
import { sparkline } from '../parts/charts.js';
import { grouped } from '../../report/words.js';
import { reportView } from './report-view.js';

/** Who still calls what is deprecated. */
export const deprecationsView = reportView<DeprecationsReport>({
  name: 'deprecations',
  navigation: 'Deprecations',
  heading: 'Deprecations',
  ask: ({ reports, address }) => reports.deprecations(address.span),
  above: weeksOf,
});

/** The calls of each week, beside the table, which has those of the last one. */
function weeksOf({ deprecations }: DeprecationsReport): Html | null {
  const lines = deprecations.flatMap((row) => {
    const line = sparkline(
      `Calls of ${endpointText(row)} by week: ${row.weeks.map(grouped).join(', ')}`,
      row.weeks,
    );
    return line === null ? [] : [html`<li>${endpointText(row)} ${line}</li>`];
  });
  return lines.length === 0
    ? null
    : html`<ul class="weeks" aria-label="Calls by week">
${lines}
</ul>`;
}
