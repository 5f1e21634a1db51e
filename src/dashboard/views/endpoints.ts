import { VERDICTS, type EndpointsReport } from '../../report/report.js';
import { show } from '../../option-reader.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { NotFound } from '../not-found.js';
import { DEFAULT_RULES, MOST_DAYS } from '../../report/report-options.js';
import { legend } from '../parts/legend.js';
import { optionOf } from '../parts/period-form.js';
import { reportView } from './report-view.js';

/** Every endpoint with its verdict. */
export const endpointsView = reportView<EndpointsReport>({
  name: 'endpoints',
  navigation: 'Endpoints',
  heading: 'Endpoints',
  fields: (address) => {
    const chosen = address.get('verdict');
    const isOffered = chosen === null || VERDICTS.some((verdict) => verdict === chosen);
    const options = VERDICTS.map((verdict) => optionOf(verdict, verdict, verdict === chosen));
    return {
      names: ['verdict', 'minimumDays', 'missingDays'],
      html: html`<label>Verdict <select name="verdict">${optionOf('', 'all', chosen === null)}${!isOffered && optionOf(chosen, chosen, true)}${options}</select></label>
<label>Judged after <input type="number" name="minimumDays" min="1" max="${MOST_DAYS}" placeholder="${DEFAULT_RULES.minimumDays}" value="${address.get('minimumDays')}"> days</label>
<label>of which <input type="number" name="missingDays" min="0" max="${MOST_DAYS}" placeholder="${DEFAULT_RULES.missingDays}" value="${address.get('missingDays')}"> may be unwatched</label>`,
    };
  },
  async ask({ reports, address }) {
    const wanted = verdictsOf(address);
    const report = await reports.endpoints({ ...address.span, ...address.certainty });
    if (wanted === null) return report;
    return { ...report, endpoints: report.endpoints.filter(({ verdict }) => wanted.includes(verdict)) };
  },
  above: (report, address) => html`${verdictLinks(report, address)}${legend()}`,
});

/**
 * The verdicts that are shown, with commas between them in the address; null for all.
 *
 * @throws {NotFound} if one of them is none
 */
function verdictsOf(address: Address): readonly string[] | null {
  const given = address.get('verdict')?.split(',') ?? null;
  const unknown = given?.find((one) => !VERDICTS.some((verdict) => verdict === one));
  if (unknown === undefined) return given;
  throw new NotFound(`There is no verdict ${show(unknown)}. Choose one of the list.`);
}

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
