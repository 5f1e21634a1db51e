import { VERDICTS, type EndpointsReport } from '../../report/report.js';
import { show } from '../../option-reader.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { NotFound } from '../not-found.js';
import { optionOf } from '../parts/period-form.js';
import { reportView } from './report-view.js';

/** Every endpoint with its verdict. */
export const endpointsView = reportView<EndpointsReport>({
  name: 'endpoints',
  navigation: 'Endpoints',
  heading: 'Endpoints',
  fields: (address) => {
    const chosen = address.get('verdict');
    const options = VERDICTS.map((verdict) => optionOf(verdict, verdict, verdict === chosen));
    return html`<label>Verdict
<select name="verdict">
${optionOf('', 'all', chosen === null)}${options}
</select></label>`;
  },
  async ask({ reports, address }) {
    const wanted = address.get('verdict');
    if (wanted !== null && !VERDICTS.some((verdict) => verdict === wanted))
      throw new NotFound(`There is no verdict ${show(wanted)}. Choose one of the list.`);
    const report = await reports.endpoints(address.span);
    if (wanted === null) return report;
    return { ...report, endpoints: report.endpoints.filter(({ verdict }) => verdict === wanted) };
  },
  above: verdictLinks,
});

/** How many endpoints have each verdict, where all are shown. */
function verdictLinks({ endpoints }: EndpointsReport, address: Address): Html | null {
  if (address.get('verdict') !== null) return null;
  const groups = Map.groupBy(endpoints, ({ verdict }) => verdict);
  const links = [...groups].map(
    ([verdict, rows]) =>
      html`<li><a href="${address.with({ verdict, skip: null })}">${verdict}</a> ${rows.length}</li>`,
  );
  return html`<ul class="verdicts">
${links}
</ul>`;
}
