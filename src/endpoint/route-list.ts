import { isObject, isText } from '../option-reader.js';
import type { DeclaredAction } from './inventory.js';

/** A route of a build, as a file tells it. */
export interface ListedRoute {
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  /** The route's template with its prefix. */
  readonly route: string;
  /** What records call the controller and the action; null for a plain route. */
  readonly controller: string | null;
  readonly action: string | null;
}

/** The routes of declared actions, without those that have no template. */
export function listedRoutes(declared: readonly DeclaredAction[]): ListedRoute[] {
  return declared.flatMap(({ method, attribution }) => {
    const { route, controllerName: controller, actionName: action } = attribution;
    return route === null ? [] : [{ method, route, controller, action }];
  });
}

/** The text of a file that lists routes: `{ "routes": [{ "method", "route", "controller", "action" }] }`, each once, by route and method. */
export function routesText(routes: readonly ListedRoute[]): string {
  const keyOf = ({ route, method, controller, action }: ListedRoute): string =>
    JSON.stringify([route, method, controller, action]);
  const byKey = routes.map(({ method, route, controller, action }) => {
    const listed = { method, route, controller, action };
    return [keyOf(listed), listed] as const;
  });
  // The order of code units is that of every machine, whatever its language.
  const sorted = [...new Map(byKey)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify({ routes: sorted.map(([, listed]) => listed) }, null, 2)}\n`;
}

/**
 * Reads the text of a file that lists routes.
 *
 * @returns the routes, or what is wrong with the text
 */
export function parseRoutes(text: string): readonly ListedRoute[] | string {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`;
  }
  if (!isObject(list) || Object.keys(list).join() !== 'routes') return 'it is no object with "routes" alone';
  const { routes } = list as { readonly routes: unknown };
  if (!Array.isArray(routes) || routes.length === 0) return '"routes" is no list with routes';
  const place = routes.findIndex((one) => !isListed(one));
  return place < 0
    ? (routes as readonly ListedRoute[])
    : `"routes"[${place}] is no { "method": "GET", "route": "/users/:id", "controller": "UserController", "action": "one" }`;
}

function isName(name: unknown): boolean {
  return name === null || isText(name);
}

function isListed(one: unknown): boolean {
  if (!isObject(one)) return false;
  const { method, route, controller, action, ...others } = one as Record<string, unknown>;
  return (
    isText(method) &&
    /^[A-Z-]+$/.test(method) &&
    isText(route) &&
    isName(controller) &&
    isName(action) &&
    Object.keys(others).length === 0
  );
}
