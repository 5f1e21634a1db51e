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
const FIELDS = ['days', 'from', 'to', 'service', 'people'];

/** The form that says which days, service and callers the figures are about. */
export function periodForm(view: View, address: Address, basis: Page['basis']): Html {
  const own = view.fields?.(address);
  const days =
    view.isByDates !== true &&
    html`<label>Days <select name="days">${daysOptions(address)}</select></label> or`;
  // A field of the form is sent by itself.
  const asked = ['skip', 'cursor', ...FIELDS.slice(view.isByDates === true ? 1 : 0), ...namesIn(own)];
  const kept = address
    .hidden(asked)
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${new Exact(value)}">`);
  return html`<form class="period" method="get" aria-label="Period">
${kept}
${days}
<label>from <input type="date" name="from" value="${dateOf(address.get('from'), basis)}"></label>
<label>until, exclusive <input type="date" name="to" value="${dateOf(address.get('to'), basis)}"></label>
<label>Service <select name="service">${serviceOptions(address, basis)}</select></label>
<label><input type="checkbox" name="people" value="1"${address.get('people') !== null && html` checked`}> Without crawlers</label>
${own}
<button>Show</button>
</form>`;
}

function daysOptions(address: Address): readonly Html[] {
  const hasDates = address.get('from') !== null;
  const days = address.get('days') ?? DEFAULT_DAYS;
  const isOffered = PRESETS.some(([preset]) => String(preset) === days);
  return [
    ...(hasDates ? [optionOf('', 'by dates', true)] : []),
    ...(isOffered || hasDates ? [] : [optionOf(days, `${days} days`, true)]),
    ...PRESETS.map(([preset, text]) => optionOf(String(preset), text, !hasDates && String(preset) === days)),
  ];
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

function namesIn(fields: Html | undefined): readonly string[] {
  return [...(fields?.text.matchAll(/ name="(\w+)"/g) ?? [])].map(([, name = '']) => name);
}
