import { cellText } from '../../report/rendering/cell-text.js';
import type { Address } from '../address.js';
import { assetLink } from '../assets.js';
import { Exact, type Html, html } from '../html.js';
import type { Page, View } from '../view.js';
import { periodForm } from './period-form.js';

/** What all pages of a dashboard have around them. */
export interface Frame {
  readonly title: string;
  readonly refreshSeconds: number;
  readonly views: readonly View[];
}

/** A whole page. */
export function layout(frame: Frame, view: View, address: Address, page: Page): Html {
  const { title, refreshSeconds } = frame;
  const refresh = refreshSeconds > 0 && html` data-refresh="${refreshSeconds}"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.heading} · ${title}</title>
<link rel="icon" href="${new Exact(assetLink('icon.svg'))}">
<link rel="stylesheet" href="${new Exact(assetLink('style.css'))}">
<script src="${new Exact(assetLink('refresh.js'))}" defer></script>
</head>
<body${refresh}>
<a class="skip" href="#figures">Skip to the figures</a>
<header>
<p class="title"><a href="${address.to('overview')}">${title}</a></p>
<nav aria-label="Pages"><ul>${frame.views.map((one) => tabOf(one, view, address))}</ul></nav>
</header>
<main>
<h1>${page.heading}</h1>
${periodForm(view, address, page.basis)}
<div id="figures" tabindex="-1">
${page.headline.length > 0 && html`<p class="headline">${page.headline.join(' · ')}</p>`}
${page.notes.map((note) => html`<p class="note">${note}</p>`)}
${page.body}
${page.basis !== null && asOf(page.basis)}
</div>
</main>
<footer></footer>
</body>
</html>
`;
}

function tabOf(one: View, current: View, address: Address): Html | null {
  if (one.navigation === null) return null;
  const mark = one === current && html` aria-current="page"`;
  return html`<li><a href="${address.to(one.name)}"${mark}>${one.navigation}</a></li>`;
}

function asOf({ asOf: date, timeZone }: NonNullable<Page['basis']>): Html {
  const text = cellText(date, 'moment', { timeZone, asOf: date }, 'absolute');
  return html`<p class="as-of">As of <time datetime="${date.toISOString()}">${text}</time> (${timeZone})</p>`;
}
