import type { Middleware } from 'koa';
import { TrackUsageError } from '../../errors.js';
import { type DataPolicy, NO_DATA_POLICY, readDataPolicy } from '../../metadata/data-policy.js';
import type { Decision } from '../../metadata/policy.js';
import { noteNamedRoute } from '../../metadata/registry.js';
import { attributionOf } from '../exchange/attribution.js';
import { exchangeOf } from '../exchange/exchange.js';
import { readMarkedRoute } from '../exchange/matched-route.js';

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

/** Refuses a marker that is mounted without its parentheses: Koa calls middleware with two arguments. */
function refuseMiddleware(decision: Decision, given: readonly unknown[]): void {
  if (given.length === 0) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decision} stands among middleware without its parentheses. Write router.get('/path', ${decision}(), handler).`,
  );
}

function marker(decision: Decision, data: DataPolicy): Middleware {
  return async (context, next) => {
    const exchange = exchangeOf(context);
    if (exchange === undefined) return next();
    const route = readMarkedRoute(context);
    exchange.attribute(
      attributionOf(
        { methodDecision: decision, controllerDecision: null, data },
        { controllerName: null, actionName: data.name ?? null, route: route?.template ?? null },
      ),
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
}
