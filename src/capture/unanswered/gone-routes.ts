import type { Context } from 'koa';
import { hasMatched } from '../exchange/matched-route.js';
import { readTarget } from '../request/request-target.js';
import { RouteTree } from './route-tree.js';
import { candidatesFor, meantBy, routedMethod } from './unanswered.js';

/** An endpoint that was there once. */
interface GoneEndpoint {
  /** In capitals; `ALL` for every method. */
  readonly method: string;
  /** The template, as records have it. */
  readonly route: string;
}

/** Endpoints that earlier builds of the application tracked, and that are gone: requests for them are still told apart. */
export class GoneRoutes {
  /** Has somebody find out which there are, as the first request has come that may be for one. */
  wanted: () => void = () => {};
  #tree: RouteTree<GoneEndpoint> | null = null;
  #isWanted = false;

  /** Whether any is known. */
  hasAny(): boolean {
    if (!this.#isWanted) {
      this.#isWanted = true;
      this.wanted();
    }
    return this.#tree !== null;
  }

  /** Says which there are, those first that were there last. */
  replace(endpoints: readonly GoneEndpoint[]): void {
    const tree = new RouteTree<GoneEndpoint>();
    for (const endpoint of endpoints) tree.add(endpoint, endpoint.route);
    this.#tree = endpoints.length === 0 ? null : tree;
  }

  /**
   * Finds the template that an unanswered request was for. A request that an action or a route of now has failed for is for none, and so
   * is one that parameters and wildcards alone would cover: scanners ask for any path.
   */
  find(context: Context): string | null {
    const method = routedMethod(context.req.method ?? '');
    const { path } = readTarget(context.originalUrl, []);
    const found = (this.#tree?.find(path) ?? []).filter(
      ({ item, closeness }) => closeness > 0 && (item.method === method || item.method === 'ALL'),
    );
    if (found.length === 0 || hasMatched(context)) return null;
    if (meantBy(candidatesFor(context), method).length > 0) return null;
    const closest = Math.max(...found.map(({ closeness }) => closeness));
    return found.find(({ closeness }) => closeness === closest)?.item.route ?? null;
  }
}
