import { PAGE_RECORDS, recordDatesOf, statusesOf } from '../../report/records.js';
import { sheetOf } from '../../report/rendering/sheets.js';
import type { RecordsReport, ReportBasis } from '../../report/report.js';
import { Address } from '../address.js';
import type { Html } from '../html.js';
import type { Asked } from '../view.js';
import { dataLinks, section } from './sections.js';
import { sheetTable } from './sheet-table.js';

/** The records that are shown of an endpoint or a caller. */
const LAST_RECORDS = 20;

/** Fields of records that an address filters by. */
export const RECORD_FILTERS = ['method', 'route', 'path', 'status', 'username'] as const;

/** Asks for the newest records that an address is about, whose days are those of a time zone. */
export function askRecords(
  { reports, address }: Asked,
  timeZone: string,
  limit = PAGE_RECORDS,
): Promise<RecordsReport> {
  const { from, to, service, people } = address.span;
  const status = address.get('status');
  return reports.records({
    ...Object.fromEntries(RECORD_FILTERS.map((name) => [name, address.exact(name) ?? undefined])),
    status: status === null ? undefined : statusesOf(status),
    ...recordDatesOf({ from, to }, timeZone),
    serverName: service,
    ...(people === true && { bot: false }),
    cursor: address.get('cursor'),
    limit,
  });
}

/** The newest records that pass filters in the span of a report: the first of those that the page of records has. */
export async function lastRecords(
  { reports, address }: Asked,
  { from, timeZone }: ReportBasis,
  filters: Readonly<Record<string, string>>,
): Promise<Html> {
  const all = (more: Readonly<Record<string, string>> = {}): ReturnType<Address['to']> =>
    address.to('records', { ...filters, from: from.toISOString(), ...more });
  const records = await askRecords(
    { reports, address: new Address(all().text.slice(1)) },
    timeZone,
    LAST_RECORDS,
  );
  const table = await sheetTable(sheetOf(records), address, { caption: 'Last records', all: all() });
  return section('Last records', table, dataLinks(all));
}
