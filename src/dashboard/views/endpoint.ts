import { sheetOf } from '../../report/rendering/sheets.js';
import type { EndpointRow, EndpointsReport } from '../../report/report.js';
import { html } from '../html.js';
import { NotFound } from '../not-found.js';
import { endpointFacts } from '../parts/endpoint-facts.js';
import { endpointText } from '../parts/endpoint-text.js';
import { dataLinks, pageOf, section } from '../parts/sections.js';
import { sheetTable } from '../parts/sheet-table.js';
import { trafficFigures } from '../parts/traffic-chart.js';
import type { Asked, Page, View } from '../view.js';

/** The records of an endpoint that are shown. */
const LAST_RECORDS = 20;

/** All that is known of one endpoint. */
export const endpointView: View = {
  name: 'endpoint',
  navigation: null,
  async make(asked) {
    const report = await asked.reports.endpoints(asked.address.span);
    return pageOfEndpoint(asked, report, findEndpoint(asked, report));
  },
};

/** @throws {NotFound} if the address names none, or nothing is known of it */
function findEndpoint({ address }: Asked, { endpoints }: EndpointsReport): EndpointRow {
  const { endpoint } = address;
  const service = address.exact('service');
  // Requests by HEAD are counted with those by GET, and an endpoint for all methods has all of them.
  const methods = new Set([endpoint?.method, 'ALL', ...(endpoint?.method === 'HEAD' ? ['GET'] : [])]);
  const found = endpoints.find(
    (row) =>
      methods.has(row.method) &&
      row.route === endpoint?.route &&
      (service === null || row.service === service),
  );
  if (found !== undefined) return found;
  throw new NotFound(
    endpoint === null
      ? 'The address names no endpoint. Choose one of the list.'
      : `Nothing is known of an endpoint ${endpointText(endpoint)}${service === null ? '' : ` of ${service}`}.`,
  );
}

async function pageOfEndpoint(
  { reports, address }: Asked,
  all: EndpointsReport,
  row: EndpointRow,
): Promise<Page> {
  const { service, method, route } = row;
  const endpoint = { method, route };
  const own = { ...endpoint, service };
  const traffic = await reports.traffic({ ...address.span, service, endpoint });
  const callers = await reports.callers({ ...address.span, service, endpoint });
  // An endpoint for all methods has records of each.
  const ofMethod = method === 'ALL' ? {} : { method };
  const records = await reports.records({ route, serverName: service, ...ofMethod, limit: LAST_RECORDS });
  const body = html`${endpointFacts(row, all)}
${section('Calls over time', trafficFigures(traffic, address), dataLinks(address, 'traffic', own))}
${section('Callers', sheetTable(sheetOf(callers), address, { caption: 'Callers' }), dataLinks(address, 'callers', own))}
${section('Last records', sheetTable(sheetOf(records), address, { caption: 'Last records' }), dataLinks(address, 'records', { route, service, ...ofMethod }))}`;
  return pageOf(endpointText(row), traffic, body);
}
