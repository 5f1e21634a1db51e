import { sheetOf } from '../../report/rendering/sheets.js';
import type { RecordsReport, StatusReport } from '../../report/report.js';
import type { Address } from '../address.js';
import { Exact, type Html, html } from '../html.js';
import { RECORD_FILTERS, askRecords } from '../parts/records.js';
import { dataLinks, pageOf } from '../parts/sections.js';
import { sheetTable } from '../parts/sheet-table.js';
import type { Asked, View } from '../view.js';

/** Days whose services the form offers: all that are declared, and those that called lately. */
const SERVICE_DAYS = 7;

/** What the form calls the filters. */
const TITLES: Readonly<Record<(typeof RECORD_FILTERS)[number], string>> = {
  method: 'Method',
  route: 'Route',
  path: 'Path',
  status: 'Status, such as 404, 5xx',
  username: 'Caller',
};

/** The newest records that pass the filters, a page at a time. */
export const recordsView: View = {
  name: 'records',
  navigation: 'Records',
  isByDates: true,
  fields: (address) => ({
    names: RECORD_FILTERS,
    html: html`${RECORD_FILTERS.map((name) => html`<label>${TITLES[name]} <input name="${name}" value="${new Exact(address.exact(name) ?? '')}"></label> `)}`,
  }),
  report: async (asked) => askRecords(asked, (await basisOf(asked)).timeZone),
  async make(asked) {
    const basis = await basisOf(asked);
    const report = await askRecords(asked, basis.timeZone);
    const { address } = asked;
    const sheet = sheetOf(report);
    const body =
      report.records.length === 0
        ? html`<p class="nothing">No record passes these filters.</p>`
        : html`${await sheetTable(sheet, address, { caption: 'Records' })}${pager(report, address)}`;
    return { ...pageOf('Records', report, body, sheet), basis };
  },
};

/** Tells the services, and the time zone of days. */
function basisOf({ reports }: Asked): Promise<StatusReport> {
  return reports.status({ days: SERVICE_DAYS });
}

function pager({ nextCursor }: RecordsReport, address: Address): Html {
  const first =
    address.get('cursor') !== null && html`<a href="${address.with({ cursor: null })}">Newest</a> `;
  const next =
    nextCursor !== null && html`<a rel="next" href="${address.with({ cursor: nextCursor })}">Older</a>`;
  return html`<p class="pager">${first}${next}</p>
${dataLinks((format) => address.with(format))}`;
}
