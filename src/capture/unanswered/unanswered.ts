import type Application from 'koa';
import type { Context } from 'koa';
import { readTarget } from '../request/request-target.js';
import { type KnownAction, type KnownApplication, knownApplications } from '../attribution/known-actions.js';
import { lastMountPath, mountedPaths } from '../exchange/mounts.js';
import { type RouteMatch, RouteTree } from './route-tree.js';

/** Names in a template: `:name`, `*name`, and the named groups of a regular expression. */
const NAMES = /(?:[:*]"?|\(\?<)([\p{ID_Continue}$]+)/gu;

/** The routes of each application, as far as its actions were known when it was last asked for. */
const trees = new WeakMap<readonly KnownAction[], { readonly tree: RouteTree; size: number }>();

/** The actions that a request may have been for, rather too many than too few. */
export interface Candidates {
  /** Those that may be within the application that was asked, whose templates cover the path as far as it is known what their router sees. */
  readonly likely: readonly RouteMatch[];
  /** Those that would cover it if their application were mounted in the one that was asked, as it may be. */
  readonly possible: readonly RouteMatch[];
  /** Those of other applications of the process, which are served beside it, as far as anybody can tell. */
  readonly elsewhere: readonly RouteMatch[];
}

/** No actions. */
export const NO_CANDIDATES: Candidates = { likely: [], possible: [], elsewhere: [] };

/**
 * The actions that a request may have been for which failed before any of them ran: as its body could not be read, or its
 * method is none of theirs.
 */
export function candidatesFor(context: Context): Candidates {
  const known = knownApplications();
  const sent = readTarget(context.originalUrl, []).path;
  const mounted = mountedPaths(sent);
  const mountPath = lastMountPath(context);
  const entered = mounted.filter((each) => mountPath !== null && each.mountPath.endsWith(mountPath));
  // Middleware may have rewritten it.
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

function findAll(among: readonly KnownApplication[], paths: readonly string[]): RouteMatch[] {
  return among.map(treeOf).flatMap((tree) => paths.flatMap((path) => tree.find(path)));
}

function treeOf({ actions }: KnownApplication): RouteTree {
  const kept = trees.get(actions) ?? { tree: new RouteTree(), size: 0 };
  trees.set(actions, kept);
  for (const action of actions.slice(kept.size)) kept.tree.add(action);
  kept.size = actions.length;
  return kept.tree;
}

/** Whether an application may be mounted in any other: not one that has been served, for which Koa listens to its errors. */
function isGuest(app: Application): boolean {
  return app.listenerCount('error') === 0;
}

/**
 * Whether a request to one application may have got to another.
 *
 * @param isMounted - whether koa-mount took part
 */
function mayBeWithin(app: Application, asked: Application, isMounted: boolean): boolean {
  if (app === asked || isGuest(app)) return true;
  // Koa's own listener is there when the application has been served by itself; one of its user's says nothing.
  // oxlint-disable-next-line typescript/unbound-method -- it is compared, and not called
  if (isMounted && !app.listeners('error').includes(app.onerror)) return true;
  return app.middleware.some((middleware) => asked.middleware.includes(middleware));
}

/**
 * Whether such a request was for an action that is not tracked: of those that it may have been for by its method as well, one
 * whose template says most of the path.
 */
export function isForUntracked({ likely, possible }: Candidates, method: string): boolean {
  // A router answers HEAD by what it has for GET.
  const asked = method === 'HEAD' ? 'GET' : method;
  // The template `/` of an application that is mounted nobody knows where would cover every path.
  const telling = possible.filter(
    ({ action, closeness }) => closeness > 0 && action.attribution.route !== '/',
  );
  const meant = [...likely, ...telling].filter(
    ({ action }) => action.method === asked || action.method === 'ALL',
  );
  const closest = Math.max(...meant.map(({ closeness }) => closeness));
  return meant.some(
    ({ action: { attribution }, closeness }) =>
      closeness === closest && (attribution.methodDecision ?? attribution.controllerDecision) === 'untracked',
  );
}

/** The names of the parameters in a template. */
export function parameterNames(template: string): readonly string[] {
  return Array.from(template.matchAll(NAMES), ([, name]) => name ?? '');
}
