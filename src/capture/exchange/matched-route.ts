import type { Context } from 'koa';

/** What is read of a layer of @koa/router. One that `router.use` made has no methods. */
interface Layer {
  readonly path: unknown;
  readonly methods: readonly string[];
  readonly paramNames: readonly { readonly name: string | number }[];
  match(path: string): boolean;
  captures(path: string): string[];
  params(path: string, captures: string[], existing: object): object;
}

/** A route without a class. */
export interface MatchedRoute {
  /** The route's template, with the prefixes of its routers. */
  readonly template: string;
  readonly params: object | undefined;
}

/** A route without a class that a request may have been for. */
export interface PossibleRoute {
  readonly template: string;
  /** The names of its parameters whose values the route that answered has under these names as well. */
  readonly shared: readonly string[];
}

/**
 * Reads which route of @koa/router a middleware speaks of: the one that it stands on, or, where it stands on a whole router, the
 * first one behind it that fits the request. It is told by `routerPath`, that of the layer that runs now, and not by the layer's
 * functions: whatever traces an application wraps them.
 *
 * @returns null where it may be one of several, or none
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
    return routeOf(route, context.path) ?? { template: String(route.path), params };
  });
}

/**
 * Reads which route of @koa/router ran last.
 *
 * @param path - what its router saw
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
 * @param answered - the one that is booked, which is left out, and the path that its router saw; null if none is, and then
 *   those of all methods are meant
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
 * Those of the parameters that the running route has itself: a router adds its own to what was there, also when the one before
 * has passed the request on.
 *
 * @returns the object itself where all are
 */
export function ownParams(context: Context, params: object | undefined): object | undefined {
  return unlessStrange(params, () => {
    const { routerPath } = context as { routerPath?: unknown };
    const layers = layersOf(context);
    // Mostly nothing but the route itself matches.
    if (params === undefined || layers.every(({ path }) => path === routerPath)) return params;
    const names = layers
      .findLast(({ path }) => path === routerPath)
      ?.paramNames.map(({ name }) => String(name));
    const own = Object.entries(params).filter(([name]) => names?.includes(name) !== false);
    return own.length === Object.keys(params).length ? params : Object.fromEntries(own);
  });
}

/** All that match the path, in the order in which they run. */
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
  return { template: String(route.path), params: route.params(path, route.captures(path), {}) };
}

/** A router of another kind may leave anything on the context; its requests are served all the same. */
function unlessStrange<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
