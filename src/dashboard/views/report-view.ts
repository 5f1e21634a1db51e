import { sheetOf } from '../../report/rendering/sheets.js';
import type { AnyReport, ReportBasis } from '../../report/report.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { nothingYet } from '../parts/nothing.js';
import { dataLinks, pageOf } from '../parts/sections.js';
import { type Order, type TableSettings, sortedTable } from '../parts/sheet-table.js';
import type { Asked, View } from '../view.js';

/** A view that shows one report. */
interface ReportView<Report>
  extends Pick<View, 'name' | 'navigation' | 'fields'>, Pick<TableSettings, 'drawn'> {
  readonly heading: string;
  readonly ask: (asked: Asked) => Promise<Report>;
  /** What stands above the table. @default nothing */
  readonly above?: (report: Report, address: Address) => Html | null | Promise<Html | null>;
  /** How the rows are sorted where the address does not say. @default as they are in the report */
  readonly ordered?: Order;
}

/** Makes a view of a report: all its rows as a table that can be sorted, and as JSON and CSV. */
export function reportView<Report extends AnyReport & ReportBasis>(given: ReportView<Report>): View {
  const { heading, ask, above, drawn = {}, ordered, ...about } = given;
  return {
    ...about,
    report: ask,
    async make(asked) {
      const report = await ask(asked);
      const { address } = asked;
      const sheet = sheetOf(report);
      const table =
        sheet.rows.length === 0 || report.services.length === 0
          ? nothingYet(report)
          : await sortedTable(sheet, address, { caption: heading, drawn, ordered });
      const body = html`${await above?.(report, address)}${table}${dataLinks((format) => address.with(format))}`;
      return pageOf(heading, report, body, sheet);
    },
  };
}
