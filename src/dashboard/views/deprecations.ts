import type { DeprecationRow, DeprecationsReport } from '../../report/report.js';
import { endpointText } from '../parts/endpoint-text.js';
import type { Html } from '../html.js';
import { sparkline } from '../parts/charts.js';
import { grouped } from '../../report/words.js';
import { reportView } from './report-view.js';

/** Who still calls what is deprecated. */
export const deprecationsView = reportView<DeprecationsReport>({
  name: 'deprecations',
  navigation: 'Deprecations',
  heading: 'Deprecations',
  ask: ({ reports, address }) => reports.deprecations({ ...address.span, ...address.certainty }),
  drawn: { weeks: weeksOf },
});

/** The calls of each week, beside those of the last one. */
function weeksOf({ weeks, ...endpoint }: DeprecationRow): Html | null {
  return sparkline(`Calls of ${endpointText(endpoint)} by week: ${weeks.map(grouped).join(', ')}`, weeks);
}
