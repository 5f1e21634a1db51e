import { sheetOf } from '../../report/rendering/sheets.js';
import type { AnyReport } from '../../report/report.js';
import { type Exact, type Html, type Part, html } from '../html.js';
import type { Page } from '../view.js';

/** A part of a page that has a heading, and links to its figures for programs. */
export function section(heading: string, body: Part, links: Html | null = null): Html {
  return html`<section>
<h2>${heading}</h2>
${links}${body}
</section>`;
}

/** Links to figures for programs, by the link to those of a format. */
export function dataLinks(linkTo: (format: { readonly format: string }) => Exact): Html {
  return html`<p class="data">${['json', 'csv'].map((format) => html`<a href="${linkTo({ format })}" download>${format.toUpperCase()}</a> `)}</p>`;
}

/** The page of a report: its headline and its notes are those of the command line. */
export function pageOf(heading: string, report: AnyReport, body: Html, sheet = sheetOf(report)): Page {
  const { headline, notes } = sheet;
  return { heading, headline, notes, basis: 'from' in report ? report : null, body };
}
