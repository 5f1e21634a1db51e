import type { Middleware } from 'koa';
import type { Decision } from '../metadata/policy.js';
import { type CarryingContext, EXCHANGE } from './exchange.js';
import { readMatchedRoute } from './matched-route.js';

/**
 * Tracks a route that has no class: `router.get('/x', tracked(), handler)`, or all that are declared behind
 * `router.use(tracked())`. The record's route is the template that @koa/router matched; it has no controller and
 * no action.
 */
export function tracked(): Middleware {
  return marker('tracked');
}

/** Leaves untracked what is below it: `router.get('/health', untracked(), handler)`. */
export function untracked(): Middleware {
  return marker('untracked');
}

function marker(decision: Decision): Middleware {
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
