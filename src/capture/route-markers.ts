import type { Context, Middleware } from 'koa';
import type { Decision } from '../metadata/policy.js';
import { type CarryingContext, EXCHANGE } from './exchange.js';

/**
 * Tracks a route that has no class: `router.get('/x', tracked(), handler)`. The record's route is the template
 * that @koa/router matched; it has no controller and no action.
 */
export function tracked(): Middleware {
  return marker('tracked');
}

/** Leaves untracked what is below it: `router.get('/health', untracked(), handler)`. */
export function untracked(): Middleware {
  return marker('untracked');
}

function marker(decision: Decision): Middleware {
  return async (context, next) => {
    const exchange = (context as CarryingContext)[EXCHANGE];
    exchange?.attribute(
      {
        method: decision,
        controller: null,
        controllerName: null,
        actionName: null,
        route: matchedRoute(context),
      },
      context['params'] as object | undefined,
    );
    try {
      return await next();
    } catch (error) {
      exchange?.noteError(error);
      throw error;
    }
  };
}

/** The template of the layer that runs now: @koa/router sets `routerPath` before each layer, not once for all. */
function matchedRoute(context: Context): string | null {
  const route: unknown = context['routerPath'];
  return typeof route === 'string' || route instanceof RegExp ? String(route) : null;
}
