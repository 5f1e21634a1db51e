import { methodsOf } from '../../report/endpoint-matcher.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import type { EndpointRow, EndpointsReport } from '../../report/report.js';
import { type Exact, html } from '../html.js';
import { NotFound } from '../not-found.js';
import { endpointFacts } from '../parts/endpoint-facts.js';
import { endpointText } from '../parts/endpoint-text.js';
import { lastRecords } from '../parts/records.js';
import { dataLinks, pageOf, section } from '../parts/sections.js';
import { sheetTable } from '../parts/sheet-table.js';
import { trafficFigures } from '../parts/traffic-chart.js';
import type { Asked, Page, View } from '../view.js';

/** All that is known of one endpoint. */
export const endpointView: View = {
  name: 'endpoint',
  navigation: null,
  async make(asked) {
    const report = await asked.reports.endpoints({ ...asked.address.span, ...asked.address.certainty });
    return pageOfEndpoint(asked, report, findEndpoint(asked, report));
  },
};

/** @throws {NotFound} if the address names none, or nothing is known of it */
function findEndpoint({ address }: Asked, { endpoints }: EndpointsReport): EndpointRow {
  const { endpoint } = address;
  const service = endpoint?.service ?? address.exact('service');
  const own = endpoints.filter(
    (row) => row.route === endpoint?.route && (service === null || row.service === service),
  );
  const found = methodsOf(endpoint?.method ?? '')
    .map((method) => own.find((row) => row.method === method))
    .find((row) => row !== undefined);
  if (found !== undefined) return found;
  throw new NotFound(
    endpoint === null
      ? 'The address names no endpoint. Choose one of the list.'
      : `Nothing is known of an endpoint ${endpointText(endpoint)}${service === null ? '' : ` of ${service}`}.`,
  );
}

async function pageOfEndpoint(asked: Asked, all: EndpointsReport, row: EndpointRow): Promise<Page> {
  const { reports, address } = asked;
  const { service, method, route } = row;
  const about = { ...address.span, service, endpoint: { method, route } };
  const traffic = await reports.traffic(about);
  const callers = await reports.callers(about);
  const linkTo = (view: string, more: Readonly<Record<string, string>> = {}): Exact =>
    address.to(view, { method, route, of: service, ...more });
  const calling = await sheetTable(sheetOf(callers), address, {
    caption: 'Callers',
    all: linkTo('callers'),
  });
  // An endpoint for all methods has records of each.
  const records = { route, service, ...(method !== 'ALL' && { method }) };
  const body = html`${endpointFacts(row, all)}
${section(
  'Calls over time',
  await trafficFigures(traffic, address),
  dataLinks((format) => linkTo('traffic', format)),
)}
${section(
  'Callers',
  calling,
  dataLinks((format) => linkTo('callers', format)),
)}
${await lastRecords(asked, all, records)}`;
  return pageOf(endpointText(row), traffic, body);
}
