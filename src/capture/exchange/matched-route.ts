import type { Context } from 'koa';

/** A route in its router. */
export interface RouteLayer {
  /** The template; a regular expression is possible. */
  readonly path: unknown;
  /** In capitals; `HEAD` beside each `GET`. */
  readonly methods: readonly string[];
}

/** The part of a layer of @koa/router that is read. A layer of `router.use` has no methods. */
interface Layer extends RouteLayer {
  readonly paramNames: readonly { readonly name: string | number }[];
  match(path: string): boolean;
  captures(path: string): string[];
  params(path: string, captures: string[], existing: object): object;
}

/** A route without a class. */
export interface PlainRoute {
  /** The route's template, with the prefixes of its routers. */
  readonly template: string;
  /** What its router knows it by. */
  readonly layer: RouteLayer;
}

/** A route without a class that has matched a request. */
export interface MatchedRoute extends PlainRoute {
  readonly params: object | undefined;
}

/** A route without a class that a request may have been for. */
export interface PossibleRoute {
  readonly template: string;
  /** The names of the parameters that the route which answered has as well, with equal values. */
  readonly shared: readonly string[];
}

/**
 * Reads which route of @koa/router a marking middleware is for: the route that it stands on, or, if it stands
 * on a router, the first route behind it that fits the request. The running layer is known by `routerPath`,
 * and not by its functions, as tracing tools wrap these.
 *
 * @returns null if several routes are possible, or none
 */
export function readMarkedRoute(context: Context): MatchedRoute | null {
  return unlessStrange(null, () => {
    const layers = layersOf(context);
    const routes = layers.flatMap((running, index) =>
      running.path === context['routerPath'] && runsFor(running, context)
        ? (layers.slice(index).find((layer) => answers(layer, context)) ?? [])
        : [],
    );
    const [route] = routes;
    if (route === undefined || routes.some(({ path }) => String(path) !== String(route.path))) return null;
    const params = context['params'] as object | undefined;
    return routeOf(route, context.path) ?? { template: String(route.path), params, layer: route };
  });
}

/**
 * Reads which route of @koa/router ran last.
 *
 * @param path - the path that the route's router saw
 */
export function readLastRoute(context: Context, path: string): MatchedRoute | null {
  return unlessStrange(null, () => {
    const isLast = (layer: Layer): boolean => layer.path === context['routerPath'] && answers(layer, context);
    const route = layersOf(context).findLast(isLast);
    return route === undefined ? null : routeOf(route, path);
  });
}

/**
 * The routes without a class that a request may have been for.
 *
 * @param answered - the route that answered, which is left out, and the path that its router saw; null if
 *   none is known: then routes of all methods count
 */
export function possibleRoutes(
  context: Context,
  answered: { readonly path: string; readonly template: string | null; readonly params: object } | null,
): readonly PossibleRoute[] {
  return unlessStrange([], () =>
    layersOf(context).flatMap((layer) => {
      const template = String(layer.path);
      if (answered === null) return { template, shared: [] };
      if (template === answered.template || !runsFor(layer, context)) return [];
      const params = Object.entries(routeOf(layer, answered.path)?.params ?? {});
      const shared = params.filter(([name, value]) => answered.params[name as keyof object] === value);
      return { template, shared: shared.map(([name]) => name) };
    }),
  );
}

/**
 * The parameters of the running route alone: a router adds a route's parameters to those of the routes
 * before, also of routes that have passed the request on.
 *
 * @returns the object itself if it has no other parameters
 */
export function ownParams(context: Context, params: object | undefined): object | undefined {
  return unlessStrange(params, () => {
    const { routerPath } = context as { routerPath?: unknown };
    const layers = layersOf(context);
    // Mostly, only the route itself matches.
    if (params === undefined || layers.every(({ path }) => path === routerPath)) return params;
    const names = layers
      .findLast(({ path }) => path === routerPath)
      ?.paramNames.map(({ name }) => String(name));
    const own = Object.entries(params).filter(([name]) => names?.includes(name) !== false);
    return own.length === Object.keys(params).length ? params : Object.fromEntries(own);
  });
}

/** Whether a router has found a route of the request's method. */
export function hasMatched(context: Context): boolean {
  return unlessStrange(true, () => layersOf(context).some((layer) => answers(layer, context)));
}

/** All layers that match the path, in the order in which they run. */
function layersOf(context: Context): readonly Layer[] {
  const matched: unknown = context['matched'];
  return Array.isArray(matched) ? (matched as readonly Layer[]) : [];
}

function runsFor(layer: Layer, context: Context): boolean {
  return layer.methods.length === 0 || answers(layer, context);
}

function answers({ methods }: Layer, { method }: Context): boolean {
  return methods.includes(method);
}

function routeOf(route: Layer, path: string): MatchedRoute | null {
  if (!route.match(path)) return null;
  const params = route.params(path, route.captures(path), {});
  return { template: String(route.path), params, layer: route };
}

/** A router of another kind may leave anything on the context; its requests are served all the same. */
function unlessStrange<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
