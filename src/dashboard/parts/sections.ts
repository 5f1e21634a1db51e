import { sheetOf } from '../../report/rendering/sheets.js';
import type { AnyReport } from '../../report/report.js';
import type { Address } from '../address.js';
import { type Html, type Part, html } from '../html.js';
import type { Page } from '../view.js';

/** A part of a page that has a heading, and links to its figures for programs. */
export function section(heading: string, body: Part, links: Html | null = null): Html {
  return html`<section>
<h2>${heading}</h2>
${links}${body}
</section>`;
}

/** Links to a report for programs. */
export function dataLinks(address: Address, view: string, more: Readonly<Record<string, string>> = {}): Html {
  return html`<p class="data">${['json', 'csv'].map((format) => html`<a href="${address.to(view, { ...more, format })}" download>${format.toUpperCase()}</a> `)}</p>`;
}

/** The page of a report: its headline and its notes are those of the command line. */
export function pageOf(heading: string, report: AnyReport, body: Html): Page {
  const { headline, notes } = sheetOf(report);
  return { heading, headline, notes, basis: 'from' in report ? report : null, body };
}
