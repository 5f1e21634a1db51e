import type { TrafficReport } from '../../report/report.js';
import { html } from '../html.js';
import { optionOf } from '../parts/period-form.js';
import { trafficChart } from '../parts/traffic-chart.js';
import { reportView } from './report-view.js';

const PERIODS = ['hour', 'day', 'month'] as const;

/** How much was called over time: by all, of the endpoint, or by the caller that the address names. */
export const trafficView = reportView<TrafficReport>({
  name: 'traffic',
  navigation: 'Traffic',
  heading: 'Traffic',
  fields: (address) => {
    const chosen = address.get('period');
    const options = PERIODS.map((period) => optionOf(period, period, period === chosen));
    return {
      names: ['period'],
      html: html`<label>By
<select name="period">
${optionOf('', 'what fits', chosen === null)}${options}
</select></label>`,
    };
  },
  ask: ({ reports, address }) => {
    const [period, username] = [address.get('period'), address.exact('username')];
    return reports.traffic({
      ...address.span,
      ...(period !== null && { period: period as TrafficReport['period'] }),
      ...(address.endpoint !== null && { endpoint: address.endpoint }),
      ...(username !== null && { username }),
    });
  },
  above: trafficChart,
  ordered: { sort: 'start', isDown: true },
});
