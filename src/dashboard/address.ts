import type { EndpointIdentity } from '../endpoint/register.js';
import type { ReportOptions } from '../report/report-options.js';
import { Exact } from './html.js';

/** Parameters that say which requests figures are about. They stay from page to page. */
const SPAN = ['days', 'from', 'to', 'service', 'people'] as const;

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
    const given = new URLSearchParams(query);
    this.#given = new Map([...given.keys()].map((name) => [name, given.get(name) ?? '']));
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
  get endpoint(): Pick<EndpointIdentity, 'method' | 'route'> | null {
    const [method, route] = [this.exact('method'), this.exact('route')];
    return method === null || route === null ? null : { method, route };
  }

  /** The days, the service and the kind of callers, as reports take them. A date counts more than a number of days. */
  get span(): Pick<ReportOptions, (typeof SPAN)[number]> {
    const [days, from] = [this.get('days'), this.get('from')];
    return {
      ...(days !== null &&
        from === null && { days: /^\d{1,15}$/.test(days) ? Number(days) : (days as never) }),
      ...(from !== null && { from }),
      to: this.get('to') ?? undefined,
      service: this.exact('service') ?? undefined,
      ...(this.get('people') !== null && { people: true }),
    };
  }

  /** A link to a page about these days. */
  to(view: string, changes: Changes = {}): Exact {
    const kept = SPAN.map((name) => [name, this.exact(name)] as const);
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
