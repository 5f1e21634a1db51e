import type { Middleware } from 'koa';
import { TrackUsageError } from '../errors.js';
import type { Decision } from '../metadata/policy.js';
import { EXCHANGE } from './body-bytes.js';
import type { CarryingContext } from './exchange.js';
import { readMatchedRoute } from './matched-route.js';

/**
 * Tracks a route that has no class: `router.get('/x', tracked(), handler)`, or all that are declared behind
 * `router.use(tracked())`. The record's route is the template that @koa/router matched; it has no controller and
 * no action.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` if it is used as a middleware itself, without `()`
 */
export function tracked(...none: never[]): Middleware {
  return marker('tracked', none);
}

/** Leaves untracked what is below it: `router.get('/health', untracked(), handler)`. */
export function untracked(...none: never[]): Middleware {
  return marker('untracked', none);
}

function marker(decision: Decision, given: readonly unknown[]): Middleware {
  if (given.length > 0) {
    throw new TrackUsageError(
      'INVALID_DECORATION',
      `${decision} stands among middleware without its parentheses. Write router.get('/path', ${decision}(), handler).`,
    );
  }
  const middleware: Middleware = async (context, next) => {
    const exchange = (context as CarryingContext)[EXCHANGE];
    if (exchange === undefined) return next();
    const { template, params } = readMatchedRoute(context, middleware);
    exchange.attribute(
      { method: decision, controller: null, controllerName: null, actionName: null, route: template },
      params,
    );
    try {
      return await next();
    } catch (error) {
      exchange.noteError(error);
      throw error;
    }
  };
  return middleware;
}
