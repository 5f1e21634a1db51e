import type { AskedEndpoint, ReportOptions, VerdictOptions } from '../report/report-options.js';
import { Exact } from './html.js';

/** Parameters that say which requests figures are about. They stay from page to page. */
const SPAN = ['days', 'from', 'to', 'service', 'people'] as const;

/** Parameters that say how sure a verdict has to be. They stay too. */
const CERTAINTY = ['minimumDays', 'missingDays'] as const;

/** All parameters of pages; others, which a sender may have made up, stand in no link. */
const KNOWN: ReadonlySet<string> = new Set([
  ...SPAN,
  ...CERTAINTY,
  ...'view format asset v sort order skip cursor of method route path status username verdict period'.split(
    ' ',
  ),
]);

/** Changes of parameters; null leaves one out. */
type Changes = Readonly<Record<string, string | number | null>>;

/**
 * What a page's address says. All of it stands in the query, so that links are right under every path and behind every proxy: a
 * link that begins with `?` belongs to the path that the browser is at.
 */
export class Address {
  readonly #given: ReadonlyMap<string, string>;

  /** @param query - the part of the URL behind `?`; of several parameters with one name, the first counts */
  constructor(query: string) {
    const given = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(query))
      if (KNOWN.has(name) && !given.has(name)) given.set(name, value);
    this.#given = given;
  }

  /** A parameter; null for none, or an empty one, as forms send those that nobody filled in. */
  get(name: string): string | null {
    return this.#given.get(name)?.trim() || null;
  }

  /** A parameter as it is, for names and paths, which may begin or end with blanks. */
  exact(name: string): string | null {
    return this.#given.get(name) || null;
  }

  /** The endpoint that the address names; null for none. */
  get endpoint(): AskedEndpoint | null {
    const [method, route] = [this.exact('method'), this.exact('route')];
    // Its service has another name than that of the span, to which no other page has to keep.
    const service = this.exact('of');
    return method === null || route === null ? null : { method, route, ...(service !== null && { service }) };
  }

  /** The days, the service and the kind of callers, as reports take them. A date counts more than a number of days. */
  get span(): Pick<ReportOptions, (typeof SPAN)[number]> {
    const from = this.get('from');
    return {
      ...(from === null ? { days: this.#number('days') } : { from }),
      to: this.get('to') ?? undefined,
      service: this.exact('service') ?? undefined,
      ...(this.get('people') === '1' && { people: true }),
    };
  }

  /** How sure a verdict has to be, as reports take it. */
  get certainty(): Pick<VerdictOptions, (typeof CERTAINTY)[number]> {
    return { minimumDays: this.#number('minimumDays'), missingDays: this.#number('missingDays') };
  }

  /** A number; text that is none stays as it is, for an error to show it. */
  #number(name: string): number | undefined {
    const text = this.get(name) ?? undefined;
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : (text as undefined);
  }

  /** A link to a page about these days. */
  to(view: string, changes: Changes = {}): Exact {
    const kept = [...SPAN, ...CERTAINTY].map((name) => [name, this.exact(name)] as const);
    return linkOf({ view, ...Object.fromEntries(kept), ...changes });
  }

  /** A link to this page with other parameters. */
  with(changes: Changes): Exact {
    return linkOf({ ...Object.fromEntries(this.#given), ...changes });
  }

  /** The parameters that a form has to send along, but for those that it asks for. */
  hidden(asked: readonly string[]): readonly (readonly [name: string, value: string])[] {
    return [...this.#given].filter(([name, value]) => !asked.includes(name) && value !== '');
  }
}

function linkOf(parameters: Changes): Exact {
  // URLSearchParams replaces lone surrogates, at which encodeURIComponent throws.
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== null && value !== '') query.set(name, String(value));
  return new Exact(`?${query.toString()}`);
}
