import { nameOf } from '../../report/rendering/columns.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import { type Html, html } from '../html.js';
import { NotFound } from '../not-found.js';
import { nothingYet } from '../parts/nothing.js';
import { lastRecords } from '../parts/records.js';
import { dataLinks, pageOf, section } from '../parts/sections.js';
import { sortedTable } from '../parts/sheet-table.js';
import { trafficFigures } from '../parts/traffic-chart.js';
import type { Asked, View } from '../view.js';

/** What one caller calls. */
export const callerView: View = {
  name: 'caller',
  navigation: null,
  report: ({ reports, address }) => reports.caller({ ...address.span, username: usernameOf(address) }),
  async make(asked) {
    const { reports, address } = asked;
    const username = usernameOf(address);
    const report = await reports.caller({ ...address.span, username });
    const sheet = sheetOf(report);
    const page = pageOf(nameOf(username), report, html``, sheet);
    if (report.endpoints.length === 0) return { ...page, body: nothingYet(report) };
    const traffic = await reports.traffic({ ...address.span, username });
    const table = await sortedTable(sheet, address, { caption: 'Endpoints' });
    const linkTo = (view: string): Html => dataLinks((format) => address.to(view, { username, ...format }));
    const body = html`${section('Calls over time', await trafficFigures(traffic, address), linkTo('traffic'))}
${section('Endpoints', table, linkTo('caller'))}
${await lastRecords(asked, report, { username })}`;
    return { ...page, body };
  },
};

/** @throws {NotFound} if the address names nobody */
function usernameOf(address: Asked['address']): string {
  const username = address.exact('username');
  if (username === null) throw new NotFound('The address names no caller. Choose one of the list.');
  return username;
}
