import type { Context } from 'koa';
import { TrackUsageError } from '../errors.js';
import { show } from '../option-reader.js';
import { csvPieces } from '../report/rendering/csv.js';
import { jsonPieces } from '../report/rendering/json.js';
import type { UsageReports } from '../report/usage-reports.js';
import type { Clock } from '../time/clock.js';
import type { Address } from './address.js';
import type { Answer } from './answering.js';
import { Turnstile } from './turnstile.js';
import { problemOf } from './problem.js';
import { html } from './html.js';
import { tellApplication } from './tell-application.js';
import { NotFound } from './not-found.js';
import { type Frame, layout } from './parts/layout.js';
import type { Asked, View } from './view.js';
import { VIEWS } from './views/views.js';

/** How long the making of a page may take, in milliseconds. */
const PAGE_MS = 30_000;

/** Pages that are made at a time, so that a crowd of readers does not keep the database from its other work. */
const PAGES_AT_ONCE = 2;

/** Makes the pages of a dashboard, and their figures for programs. */
export class Pages {
  readonly #frame: Frame;
  readonly #reports: () => UsageReports;
  readonly #turnstile: Turnstile<Answer>;

  constructor(settings: Omit<Frame, 'views'> & { readonly clock: Clock }, reports: () => UsageReports) {
    this.#frame = { ...settings, views: VIEWS };
    this.#reports = reports;
    this.#turnstile = new Turnstile(settings.clock, PAGES_AT_ONCE, PAGE_MS);
  }

  /** Makes what an address asks for. Never rejects: where the figures cannot be had, the page says why. */
  make(address: Address, context: Context): Promise<Answer> {
    const view = VIEWS.find(({ name }) => name === (address.get('view') ?? 'overview'));
    const failed = (error: unknown): Answer =>
      this.#problem(view ?? (VIEWS[0] as View), address, context, error);
    // Those who share a page share what is wrong with it, so that the application is told once.
    return this.#turnstile
      .pass(context.querystring, () => this.#answer(view, address).catch(failed))
      .catch(failed);
  }

  async #answer(view: View | undefined, address: Address): Promise<Answer> {
    const format = address.get('format');
    if (view === undefined) throw new NotFound('There is no such page. Choose one above.');
    const asked = { reports: this.#reports().together(), address };
    if (format !== null) return dataOf(view, asked, format);
    const services = await servicesOf(asked);
    const page = await view.make(asked);
    const known = page.basis && { ...page.basis, services: services ?? page.basis.services };
    const whole = layout(this.#frame, view, address, { ...page, basis: known });
    return { status: 200, type: 'text/html', body: whole.text };
  }

  #problem(view: View, address: Address, context: Context, error: unknown): Answer {
    const { status, words, isUnexpected } = problemOf(error);
    if (isUnexpected) tellApplication(context, 'a page could not be made.', error);
    if (address.get('format') !== null) {
      const code = error instanceof TrackUsageError ? error.code : null;
      return {
        status,
        type: 'application/json',
        body: JSON.stringify({ error: { code, message: words.join(' ') } }),
      };
    }
    const body = html`<div role="alert">
${words.map((sentence) => html`<p class="problem">${sentence}</p>`)}
</div>`;
    const page = { heading: 'There are no figures', headline: [], notes: [], basis: null, body };
    return { status, type: 'text/html', body: layout(this.#frame, view, address, page).text };
  }
}

/**
 * All services, where the address names one of them; else null, as every report knows them.
 *
 * @throws {NotFound} if nothing is known of that one
 */
async function servicesOf({ reports, address }: Asked): Promise<readonly string[] | null> {
  const { service, ...span } = address.span;
  if (service === undefined) return null;
  const { services } = await reports.status(span);
  if (services.includes(service)) return services;
  throw new NotFound(
    `Nothing is known of a service ${show(service)}. There are ${services.join(', ') || 'none'}.`,
  );
}

/** @throws {NotFound} if the figures are not there in this form */
async function dataOf(view: View, asked: Asked, format: string): Promise<Answer> {
  if (format !== 'json' && format !== 'csv')
    throw new NotFound(`There are no figures as ${show(format)}; expected format=json or format=csv.`);
  if (view.report === undefined)
    throw new NotFound('This page has several reports. Each has a page of its own, with its figures.');
  const report = await view.report(asked);
  if (format === 'json')
    return { status: 200, type: 'application/json', body: await encoded(jsonPieces(report)) };
  const body = await encoded(csvPieces(report));
  return { status: 200, type: 'text/csv', body, fileName: `usage-${view.name}.csv` };
}

/** All pieces, which all who share them read. */
async function encoded(pieces: AsyncIterable<string>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return all;
}
