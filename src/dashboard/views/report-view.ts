import { sheetOf } from '../../report/rendering/sheets.js';
import type { AnyReport, ReportBasis } from '../../report/report.js';
import type { Address } from '../address.js';
import { type Html, html } from '../html.js';
import { nothingYet } from '../parts/nothing.js';
import { pageOf } from '../parts/sections.js';
import { sheetTable, sortedSheet } from '../parts/sheet-table.js';
import type { Asked, View } from '../view.js';

/** A view that shows one report. */
interface ReportView<Report> extends Pick<View, 'name' | 'navigation' | 'fields'> {
  readonly heading: string;
  readonly ask: (asked: Asked) => Promise<Report>;
  /** What stands above the table. @default nothing */
  readonly above?: (report: Report, address: Address) => Html | null;
}

/** Makes a view of a report: all its rows as a table that can be sorted, and as JSON and CSV. */
export function reportView<Report extends AnyReport & ReportBasis>(given: ReportView<Report>): View {
  const { heading, ask, above, ...about } = given;
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
          : sheetTable(await sortedSheet(sheet, address), address, { caption: heading, isSortable: true });
      const body = html`${above?.(report, address)}${table}${linksToData(address)}`;
      return pageOf(heading, report, body);
    },
  };
}

function linksToData(address: Address): Html {
  return html`<p class="data">
The figures as <a href="${address.with({ format: 'json' })}">JSON</a> or
<a href="${address.with({ format: 'csv' })}">CSV</a>
</p>`;
}
