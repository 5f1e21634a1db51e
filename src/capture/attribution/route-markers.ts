import type Application from 'koa';
import type { Middleware } from 'koa';
import { TrackUsageError } from '../../errors.js';
import { type DataPolicy, NO_DATA_POLICY, readDataPolicy } from '../../metadata/data-policy.js';
import type { Decision } from '../../metadata/policy.js';
import { type Attribution, attributionOf } from '../exchange/attribution.js';
import { exchangeOf } from '../exchange/exchange.js';
import { type PlainRoute, type RouteLayer, readMarkedRoute } from '../exchange/matched-route.js';
import { noteRoute } from './known-actions.js';

/**
 * Tracks a route that has no class: `router.get('/x', tracked(), handler)`, or every route that is declared
 * behind `router.use(tracked())`. The record's route is the template that @koa/router matched. The record has
 * no controller and no action.
 *
 * @param options - what is recorded of the route; an omitted option is inherited from the application's
 *   options; `name` is what records call the route's action
 * @throws {TrackUsageError} `INVALID_DECORATION` if `tracked` itself is used as a middleware, without `()`;
 *   `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function tracked(options: DataPolicy = NO_DATA_POLICY, ...none: never[]): Middleware {
  refuseMiddleware('tracked', none);
  return marker('tracked', readDataPolicy('tracked()', options));
}

/** Leaves the routes behind this middleware untracked: `router.get('/health', untracked(), handler)`. */
export function untracked(...none: never[]): Middleware {
  refuseMiddleware('untracked', none);
  return marker('untracked', NO_DATA_POLICY);
}

/** Refuses a marker that is mounted without its parentheses: Koa calls middleware with two arguments. */
function refuseMiddleware(decision: Decision, given: readonly unknown[]): void {
  if (given.length === 0) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decision} stands among middleware without its parentheses. Write router.get('/path', ${decision}(), handler).`,
  );
}

function marker(decision: Decision, data: DataPolicy): Middleware {
  const routes = new MarkedRoutes(decision, data);
  const middleware: Middleware = async (context, next) => {
    const exchange = exchangeOf(context);
    if (exchange === undefined) return next();
    const route = readMarkedRoute(context);
    exchange.attribute(routes.attributionOf(route, context.app), route?.params, context);
    try {
      return await next();
    } catch (error) {
      exchange.noteError(error);
      throw error;
    }
  };
  markers.set(middleware, routes);
  return middleware;
}

/** The routes that each marker is for. */
export const markers = new WeakMap<Function, MarkedRoutes>();

/** Routes of so many methods are for every method. */
const ALL_METHODS = 10;

/** The routes that one marker is for. Each is noted when it is met first: in its router, or at a request. */
class MarkedRoutes {
  readonly #subject: Parameters<typeof attributionOf>[0];
  readonly #known = new WeakMap<RouteLayer, Attribution>();

  constructor(decision: Decision, data: DataPolicy) {
    this.#subject = { methodDecision: decision, controllerDecision: null, data };
  }

  /** @param route - null where it is known only when the request is over */
  attributionOf(route: PlainRoute | null, app: Application): Attribution {
    const named = { controllerName: null, actionName: this.#subject.data.name ?? null };
    if (route === null) {
      const ofRoute = (learned: PlainRoute): Attribution => this.attributionOf(learned, app);
      return attributionOf(this.#subject, { ...named, route }, ofRoute);
    }
    let attribution = this.#known.get(route.layer);
    if (attribution === undefined) {
      attribution = attributionOf(this.#subject, { ...named, route: route.template });
      this.#known.set(route.layer, attribution);
      for (const method of methodsOf(route.layer)) noteRoute(app, { method, attribution });
    }
    return attribution;
  }
}

function methodsOf({ methods }: RouteLayer): readonly string[] {
  if (methods.length > ALL_METHODS) return ['ALL'];
  return methods.filter((method) => method !== 'HEAD' || !methods.includes('GET'));
}
