import type Application from 'koa';
import type { Context } from 'koa';
import { readTarget } from '../request/request-target.js';
import {
  type KnownAction,
  type KnownApplication,
  isGuest,
  knownApplications,
} from '../attribution/known-actions.js';
import { lastMountPath, mountedPaths } from '../exchange/mounts.js';
import { type RouteMatch, RouteTree } from './route-tree.js';

/** Names in a template: `:name`, `*name`, and the named groups of a regular expression. */
const NAMES = /(?:[:*]"?|\(\?<)([\p{ID_Continue}$]+)/gu;

/** The trie of each application's templates; `size` counts the actions that are in the trie. */
const trees = new WeakMap<readonly KnownAction[], { readonly tree: RouteTree<KnownAction>; size: number }>();

/** An action whose template covers a path. */
type ActionMatch = RouteMatch<KnownAction>;

/** The actions that a request may have been for, rather too many than too few. */
export interface Candidates {
  /** Actions within the requested application, by each path that their router may have seen. */
  readonly likely: readonly ActionMatch[];
  /** Actions that would cover the path if their application were mounted in the requested one. */
  readonly possible: readonly ActionMatch[];
  /** Actions of other applications of the process, which seem to be served beside the requested one. */
  readonly elsewhere: readonly ActionMatch[];
}

/** No actions. */
export const NO_CANDIDATES: Candidates = { likely: [], possible: [], elsewhere: [] };

/**
 * Finds the actions that a request may have been for which failed before any action ran: its body could not
 * be read, or no action has its method.
 */
export function candidatesFor(context: Context): Candidates {
  const known = knownApplications();
  const sent = readTarget(context.originalUrl, []).path;
  const mounted = mountedPaths(sent);
  const mountPath = lastMountPath(context);
  const entered = mounted.filter((each) => mountPath !== null && each.mountPath.endsWith(mountPath));
  // Middleware may have rewritten the path.
  const paths = [...new Set([sent, context.path, ...entered.map(({ path }) => path)])];
  const within = new Set(known.filter(({ app }) => mayBeWithin(app, context.app, entered.length > 0)));
  const guests = known.filter(({ app }) => app !== context.app && isGuest(app));
  return {
    likely: findAll([...within], paths),
    possible: findAll(
      guests,
      mounted.map(({ path }) => path),
    ),
    elsewhere: findAll(
      known.filter((each) => !within.has(each)),
      paths,
    ),
  };
}

function findAll(among: readonly KnownApplication[], paths: readonly string[]): ActionMatch[] {
  return among.map(treeOf).flatMap((tree) => paths.flatMap((path) => tree.find(path)));
}

function treeOf({ actions }: KnownApplication): RouteTree<KnownAction> {
  const kept = trees.get(actions) ?? { tree: new RouteTree<KnownAction>(), size: 0 };
  trees.set(actions, kept);
  for (const action of actions.slice(kept.size)) kept.tree.add(action, action.attribution.route ?? '');
  kept.size = actions.length;
  return kept.tree;
}

/**
 * Whether a request to the application `asked` may have got to `app`.
 *
 * @param isMounted - whether koa-mount handed the request on
 */
function mayBeWithin(app: Application, asked: Application, isMounted: boolean): boolean {
  if (app === asked || isGuest(app)) return true;
  // Koa adds `app.onerror` to an application that is served by itself; a listener of the user's says nothing.
  // oxlint-disable-next-line typescript/unbound-method -- it is compared, and not called
  if (isMounted && !app.listeners('error').includes(app.onerror)) return true;
  return app.middleware.some((middleware) => asked.middleware.includes(middleware));
}

/**
 * Whether an unanswered request was for an untracked action: of the candidates that have the request's
 * method, the actions count whose templates spell out most of the path.
 */
export function isForUntracked(candidates: Candidates, method: string): boolean {
  const meant = meantBy(candidates, method);
  const closest = Math.max(...meant.map(({ closeness }) => closeness));
  return meant.some(
    ({ item: { attribution }, closeness }) =>
      closeness === closest && (attribution.methodDecision ?? attribution.controllerDecision) === 'untracked',
  );
}

/** The candidates that have the request's method. */
export function meantBy({ likely, possible }: Candidates, method: string): readonly ActionMatch[] {
  const asked = routedMethod(method);
  // The template `/` of an application whose mount path is unknown would cover every path.
  const telling = possible.filter(({ item, closeness }) => closeness > 0 && item.attribution.route !== '/');
  return [...likely, ...telling].filter(({ item }) => item.method === asked || item.method === 'ALL');
}

/** The method of the route that a request is for: a router answers HEAD with its route for GET. */
export function routedMethod(method: string): string {
  return method === 'HEAD' ? 'GET' : method;
}

/** The names of the parameters in a template. */
export function parameterNames(template: string): readonly string[] {
  return Array.from(template.matchAll(NAMES), ([, name]) => name ?? '');
}
