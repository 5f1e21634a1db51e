import type { EndpointIdentity, RegisteredEndpoint } from '../endpoint/register.js';
import { TrackUsageError } from '../errors.js';
import type { AskedEndpoint } from './report-options.js';

/** What a record tells of its endpoint. */
interface RequestedEndpoint {
  readonly service: string;
  readonly method: string;
  readonly route: string | null;
}

/** The name of an endpoint among all others. */
export function endpointName({ service, method, route }: EndpointIdentity): string {
  // No text of a record has this character.
  return `${service}\0${method}\0${route}`;
}

/** The methods of endpoints that a request may belong to, the first that there is. */
export function methodsOf(method: string): readonly string[] {
  return method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [method, 'ALL'];
}

/**
 * Tells which endpoint a request belongs to. A request by HEAD is one of the endpoint for GET, and `ALL` takes every method on its
 * route that no other declaration takes. What instances declare now comes before what is gone.
 */
export class EndpointMatcher {
  readonly #declared = new Map<string, RegisteredEndpoint>();
  readonly #gone = new Map<string, RegisteredEndpoint>();

  constructor(registered: readonly RegisteredEndpoint[]) {
    for (const one of registered) (one.isDeclared ? this.#declared : this.#gone).set(endpointName(one), one);
  }

  /** The endpoint that a request belongs to, whether or not it is registered; null if the request matched no route. */
  match(request: EndpointIdentity): EndpointIdentity;
  match(request: RequestedEndpoint): EndpointIdentity | null;
  match({ service, method, route }: RequestedEndpoint): EndpointIdentity | null {
    if (route === null) return null;
    for (const known of [this.#declared, this.#gone]) {
      for (const one of methodsOf(method)) {
        const identity = { service, method: one, route };
        if (known.has(endpointName(identity))) return identity;
      }
    }
    return { service, method: method === 'HEAD' ? 'GET' : method, route };
  }

  /** The name of the endpoint that a row is about; null for requests that matched no route, and for keys that are not told apart. */
  nameOf(row: RequestedEndpoint & { readonly isOther: boolean }): string | null {
    const identity = row.isOther ? null : this.match(row);
    return identity === null ? null : endpointName(identity);
  }

  /** What is registered of an endpoint; null for nothing. */
  find(endpoint: EndpointIdentity): RegisteredEndpoint | null {
    const name = endpointName(endpoint);
    return this.#declared.get(name) ?? this.#gone.get(name) ?? null;
  }

  /**
   * The endpoint that a report is asked about, of the only service that has it where none is named; null for all.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if it may be of several services
   */
  only(
    given: AskedEndpoint | undefined,
    services: readonly string[],
    subject: string,
  ): EndpointIdentity | null {
    if (given === undefined) return null;
    const { method, route, service = '' } = given;
    const matchIn = (one: string): EndpointIdentity => this.match({ service: one, method, route });
    if (service !== '') return matchIn(service);
    const all = services.map(matchIn);
    const having = all.filter((one) => this.find(one) !== null);
    const [found = matchIn(service), another] = having.length > 0 ? having : all;
    if (another === undefined) return found;
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: the endpoint ${method} ${route} may be of ${services.join(', ')}; give 'service'.`,
    );
  }
}
