import { sheetOf } from '../../report/rendering/sheets.js';
import type { RecordsReport } from '../../report/report.js';
import type { StatusFilter } from '../../storage/usage-filters.js';
import type { UsagePageQuery } from '../../storage/usage-query.js';
import type { Address } from '../address.js';
import { Exact, type Html, html } from '../html.js';
import { pageOf } from '../parts/sections.js';
import { sheetTable } from '../parts/sheet-table.js';
import type { Asked, View } from '../view.js';

/** The filters of the form, and what it calls them. */
const FILTERS = [
  ['method', 'Method'],
  ['route', 'Route'],
  ['path', 'Path'],
  ['status', 'Status, such as 404, 5xx'],
  ['username', 'Caller'],
] as const;

/** The newest records that pass the filters, a page at a time. */
export const recordsView: View = {
  name: 'records',
  navigation: 'Records',
  isByDates: true,
  fields: (address) =>
    html`${FILTERS.map(([name, text]) => html`<label>${text} <input name="${name}" value="${new Exact(address.exact(name) ?? '')}"></label> `)}`,
  report: ask,
  async make(asked) {
    const report = await ask(asked);
    const { address } = asked;
    const body =
      report.records.length === 0
        ? html`<p class="nothing">No record passes these filters.</p>`
        : html`${sheetTable(sheetOf(report), address, { caption: 'Records' })}${pager(report, address)}`;
    return pageOf('Records', report, body);
  },
};

function ask({ reports, address }: Asked): Promise<RecordsReport> {
  const { from, to, service, people } = address.span;
  const query: UsagePageQuery = {
    ...Object.fromEntries(FILTERS.map(([name]) => [name, address.exact(name) ?? undefined])),
    status: statusesOf(address.get('status')),
    startDate: from,
    endDate: to,
    serverName: service,
    ...(people === true && { bot: false }),
    cursor: address.get('cursor'),
  };
  return reports.records(query);
}

/** Statuses with commas between them, as a query takes them; it refuses what is none. */
function statusesOf(given: string | null): StatusFilter[] | undefined {
  return given
    ?.split(',')
    .map((one) => one.trim())
    .map((one) => (/^\d+$/.test(one) ? Number(one) : one) as StatusFilter);
}

function pager({ nextCursor }: RecordsReport, address: Address): Html {
  const first =
    address.get('cursor') !== null && html`<a href="${address.with({ cursor: null })}">Newest</a> `;
  const next =
    nextCursor !== null && html`<a rel="next" href="${address.with({ cursor: nextCursor })}">Older</a>`;
  const data = ['json', 'csv'].map(
    (format) => html` <a href="${address.with({ format })}">${format.toUpperCase()}</a>`,
  );
  return html`<p class="pager">${first}${next}</p>
<p class="data">These records as${data}</p>`;
}
