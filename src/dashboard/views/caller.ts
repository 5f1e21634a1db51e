import { nameOf } from '../../report/rendering/columns.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import { html } from '../html.js';
import { NotFound } from '../not-found.js';
import { nothingYet } from '../parts/nothing.js';
import { dataLinks, pageOf, section } from '../parts/sections.js';
import { sheetTable, sortedSheet } from '../parts/sheet-table.js';
import { trafficFigures } from '../parts/traffic-chart.js';
import type { Asked, View } from '../view.js';

/** The records of a caller that are shown. */
const LAST_RECORDS = 20;

/** What one caller calls. */
export const callerView: View = {
  name: 'caller',
  navigation: null,
  report: ({ reports, address }) => reports.caller({ ...address.span, username: usernameOf(address) }),
  async make({ reports, address }) {
    const username = usernameOf(address);
    const report = await reports.caller({ ...address.span, username });
    const page = pageOf(nameOf(username), report, html``);
    if (report.endpoints.length === 0) return { ...page, body: nothingYet(report) };
    const traffic = await reports.traffic({ ...address.span, username });
    const records = await reports.records({ username, limit: LAST_RECORDS });
    const table = sheetTable(await sortedSheet(sheetOf(report), address), address, {
      caption: 'Endpoints',
      isSortable: true,
    });
    const body = html` ${section('Calls over time', trafficFigures(traffic, address), dataLinks(address, 'traffic', { username }))}
${section('Endpoints', table, dataLinks(address, 'caller', { username }))}
${section('Last records', sheetTable(sheetOf(records), address, { caption: 'Last records' }), dataLinks(address, 'records', { username }))}`;
    return { ...page, body };
  },
};

/** @throws {NotFound} if the address names nobody */
function usernameOf(address: Asked['address']): string {
  const username = address.exact('username');
  if (username === null) throw new NotFound('The address names no caller. Choose one of the list.');
  return username;
}
