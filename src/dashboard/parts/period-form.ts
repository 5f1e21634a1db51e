import { dayText } from '../../report/words.js';
import type { Address } from '../address.js';
import { Exact, type Html, html } from '../html.js';
import type { Page, View } from '../view.js';

/** Numbers of days that the form offers. */
const PRESETS: readonly (readonly [days: number, text: string])[] = [
  [1, 'Today'],
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [365, 'A year'],
];

const DEFAULT_DAYS = '90';

/** The names of the fields of {@link periodForm}. */
const FIELDS = ['from', 'to', 'service', 'people'];

/**
 * The last days to choose from, and the form that says which dates, service and callers the figures are about. Dates count more than days,
 * which stay for those who take the dates out again.
 */
export function periodForm(view: View, address: Address, basis: Page['basis']): Html {
  const own = view.fields?.(address);
  // A field of the form is sent by itself.
  const asked = ['skip', 'cursor', ...FIELDS, ...(own?.names ?? [])];
  const kept = address
    .hidden(asked)
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${new Exact(value)}">`);
  return html`${view.isByDates !== true && presets(address)}
<form class="period" method="get" aria-label="Period">
${kept}
<label>from <input type="date" name="from" value="${dateOf(address.get('from'), basis)}"></label>
<label>until, exclusive <input type="date" name="to" value="${dateOf(address.get('to'), basis)}"></label>
<label>Service <select name="service">${serviceOptions(address, basis)}</select></label>
<label><input type="checkbox" name="people" value="1"${address.span.people === true && html` checked`}> Without crawlers</label>
${own?.html}
<button>Show</button>
</form>`;
}

/** Links to the last days, which leave the dates out. */
function presets(address: Address): Html {
  const days = address.get('days') ?? DEFAULT_DAYS;
  const isByDays = address.get('from') === null && address.get('to') === null;
  const isOffered = !isByDays || PRESETS.some(([preset]) => String(preset) === days);
  const all = isOffered ? PRESETS : [[days, `${days} days`] as const, ...PRESETS];
  return html`<ul class="presets" aria-label="Days">${all.map(([preset, text]) => {
    const isCurrent = isByDays && String(preset) === days;
    const link = address.with({ days: preset, from: null, to: null, skip: null });
    return html`<li><a href="${link}"${isCurrent && html` aria-current="true"`}>${text}</a></li> `;
  })}</ul>`;
}

function serviceOptions(address: Address, basis: Page['basis']): readonly Html[] {
  const chosen = address.exact('service');
  const services = [
    ...new Set([...(chosen === null ? [] : [chosen]), ...(basis?.services ?? [])]),
  ].toSorted();
  return [
    optionOf('', 'all', chosen === null),
    ...services.map((service) => optionOf(service, service, service === chosen)),
  ];
}

/** One choice of a list. */
export function optionOf(value: string, text: string, isChosen: boolean): Html {
  return html`<option value="${new Exact(value)}"${isChosen && html` selected`}>${text}</option>`;
}

/** A date as its field takes it: the day of a moment. */
function dateOf(given: string | null, basis: Page['basis']): string {
  if (given === null) return '';
  const date = new Date(given);
  if (/^\d{4}-\d{2}-\d{2}$/.test(given) || Number.isNaN(date.getTime())) return given;
  return dayText(date, basis?.timeZone ?? 'UTC');
}
