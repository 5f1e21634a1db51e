import type { Context, Middleware } from 'koa';

/** What is read of a layer of @koa/router. One that `router.use` made has no methods. */
interface Layer {
  readonly path: unknown;
  readonly methods: readonly string[];
  readonly stack?: readonly unknown[];
  match(path: string): boolean;
  captures(path: string): string[];
  params(path: string, captures: string[], existing: object): object;
}

/** A route without a class. */
export interface MatchedRoute {
  /** The route's template, with the prefixes of its routers; null outside of any router. */
  readonly template: string | null;
  readonly params: object | undefined;
}

/**
 * Reads which route of @koa/router a middleware speaks of: the one that it stands on, or, where it stands on a whole
 * router, the first one behind it that matches. `routerPath` is that of the layer that runs now, and `matched` holds
 * all layers that match the path, in the order in which they run.
 */
export function readMatchedRoute(context: Context, middleware: Middleware): MatchedRoute {
  try {
    return readLayers(context, middleware);
  } catch {
    // A router of another kind may leave anything there; its requests are served all the same.
    return { template: null, params: undefined };
  }
}

/** The templates of the routes without a class whose path a request has, whatever its method. */
export function matchedTemplates(context: Context): readonly string[] {
  try {
    return layersOf(context).flatMap(({ path }) => templateOf(path) ?? []);
  } catch {
    return [];
  }
}

function readLayers(context: Context, middleware: Middleware): MatchedRoute {
  const { routerPath, params } = context as { routerPath?: unknown; params?: object };
  const layers = layersOf(context);
  const index = layers.findLastIndex(({ path, stack }) => path === routerPath && stack?.includes(middleware));
  if (layers[index]?.methods.length !== 0) return { template: templateOf(routerPath), params };
  const route = layers.slice(index).find(({ methods }) => methods.includes(context.method));
  if (route === undefined) return { template: null, params };
  return { template: templateOf(route.path), params: paramsOf(route, context.path, params) };
}

/** All that match the path, in the order in which they run. */
function layersOf(context: Context): readonly Layer[] {
  const matched: unknown = context['matched'];
  return Array.isArray(matched) ? (matched as readonly Layer[]) : [];
}

function templateOf(path: unknown): string | null {
  return typeof path === 'string' || path instanceof RegExp ? String(path) : null;
}

function paramsOf(route: Layer, path: string, existing: object | undefined): object | undefined {
  return route.match(path) ? route.params(path, route.captures(path), { ...existing }) : existing;
}
