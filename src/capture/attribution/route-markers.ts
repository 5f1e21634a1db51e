import type Application from 'koa';
import type { Context, Middleware } from 'koa';
import { TrackUsageError } from '../../errors.js';
import { type DataPolicy, NO_DATA_POLICY, readDataPolicy } from '../../metadata/data-policy.js';
import { type Deprecation, type DeprecationOptions, readDeprecation } from '../../metadata/deprecation.js';
import type { Decision } from '../../metadata/policy.js';
import { noteNamedRoute } from '../../metadata/registry.js';
import { type Attribution, attributionOf } from '../exchange/attribution.js';
import { exchangeOf } from '../exchange/exchange.js';
import { type PlainRoute, type RouteLayer, readMarkedRoute } from '../exchange/matched-route.js';
import { announce, announcedBy, noticeOf } from './deprecation-headers.js';
import { noteRoute } from './known-actions.js';

/**
 * Tracks a route that has no class: `router.get('/x', tracked(), handler)`, or every route that is declared
 * behind `router.use(tracked())`. The record's route is the template that @koa/router matched. The record has
 * no controller and no action.
 *
 * @param options - what is recorded of the route; an omitted option is inherited from the application's
 *   options; `name` is what records call the route's action, and `retention` needs it: a route is not known
 *   before its first request, and its records are to be found all the same
 * @throws {TrackUsageError} `INVALID_DECORATION` if `tracked` itself is used as a middleware, without `()`;
 *   `INVALID_OPTION` if an option is unknown or cannot be used, or `retention` comes without `name`
 */
export function tracked(options: DataPolicy = NO_DATA_POLICY, ...none: never[]): Middleware {
  refuseMiddleware('tracked', none);
  const data = readDataPolicy('tracked()', options);
  noteNamedRoute('tracked()', data);
  return marker('tracked', data);
}

/** Leaves the routes behind this middleware untracked: `router.get('/health', untracked(), handler)`. */
export function untracked(...none: never[]): Middleware {
  refuseMiddleware('untracked', none);
  return marker('untracked', NO_DATA_POLICY);
}

/**
 * Says that a route without a class is deprecated, or every route that is declared behind `router.use(deprecated({ … }))`:
 * `router.get('/x', deprecated({ since: '2026-01-01' }), tracked(), handler)`. Each answer of what stands behind it has
 * the headers `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`, also without a tracker. What router
 * and route say is merged, as for class and method: the earliest dates hold.
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown, missing or cannot be used; `INVALID_DECORATION` if
 *   `deprecated` itself is used as a middleware, without `({ … })`
 */
export function deprecated(options: DeprecationOptions, ...none: never[]): Middleware {
  refuseMiddleware('deprecated', none, '{ since }');
  const notice = noticeOf(readDeprecation('deprecated()', options));
  const middleware: Middleware = (context, next) => {
    announce(context, notice);
    return next();
  };
  deprecations.set(middleware, notice.deprecation);
  return middleware;
}

/** No route of the application's, and left untracked. */
const LEFT_OUT = attributionOf(
  { methodDecision: 'untracked', controllerDecision: null, data: NO_DATA_POLICY },
  { controllerName: null, actionName: null, route: null },
);

/** Leaves a request untracked that is none of the application's own, so that its route is in no list of them. */
export function leaveOut(context: Context): void {
  exchangeOf(context)?.attribute(LEFT_OUT, undefined, context);
}

/** What each middleware says that `deprecated()` has made. */
export const deprecations = new WeakMap<Function, Deprecation>();

/** Refuses a marker that is mounted without its parentheses: Koa calls middleware with two arguments. */
function refuseMiddleware(name: string, given: readonly unknown[], options = ''): void {
  if (given.length === 0) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${name} stands among middleware without its parentheses. Write router.get('/path', ${name}(${options}), handler).`,
  );
}

function marker(decision: Decision, data: DataPolicy): Middleware {
  const routes = new MarkedRoutes(decision, data);
  const middleware: Middleware = async (context, next) => {
    const exchange = exchangeOf(context);
    if (exchange === undefined) return next();
    const route = readMarkedRoute(context);
    exchange.attribute(
      routes.attributionOf(route, context.app, announcedBy(context)),
      route?.params,
      context,
    );
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

/**
 * The routes that one marker is for. Each is noted when it is met first: in its router, or at a request. A marker that runs behind
 * another one meets a route later than that one, so that its note is the one which stays.
 */
class MarkedRoutes {
  readonly #subject: Parameters<typeof attributionOf>[0];
  readonly #known = new WeakMap<RouteLayer, Attribution>();

  constructor(decision: Decision, data: DataPolicy) {
    this.#subject = { methodDecision: decision, controllerDecision: null, data };
  }

  /** @param route - null where it is known only when the request is over */
  attributionOf(route: PlainRoute | null, app: Application, deprecation: Deprecation | null): Attribution {
    const named = { controllerName: null, actionName: this.#subject.data.name ?? null };
    if (route === null) {
      const ofRoute = (learned: PlainRoute): Attribution => this.attributionOf(learned, app, deprecation);
      return attributionOf(this.#subject, { ...named, route }, ofRoute);
    }
    let attribution = this.#known.get(route.layer);
    if (attribution === undefined) {
      attribution = attributionOf(this.#subject, { ...named, route: route.template });
      this.#known.set(route.layer, attribution);
      const noted = attribution;
      const known = methodsOf(route.layer).map((method) => ({ method, attribution: noted, deprecation }));
      noteRoute(app, route.layer, known);
    }
    return attribution;
  }
}

function methodsOf({ methods }: RouteLayer): readonly string[] {
  if (methods.length > ALL_METHODS) return ['ALL'];
  return methods.filter((method) => method !== 'HEAD' || !methods.includes('GET'));
}
