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
  /** Those of the whole process whose templates cover the path, as far as it is known what of it their router sees. */
  readonly likely: readonly RouteMatch[];
  /** Those that would cover it if their application were mounted in the one that was asked, as it may be. */
  readonly possible: readonly RouteMatch[];
}

/** No actions. */
export const NO_CANDIDATES: Candidates = { likely: [], possible: [] };

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
  const paths = new Set([sent, context.path, ...entered.map(({ path }) => path)]);
  const guests = known.filter(({ app }) => mayBeMounted(app, context.app));
  return {
    likely: findAll(known, [...paths]),
    possible: findAll(
      guests,
      mounted.map(({ path }) => path),
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

/**
 * Whether an application may be mounted in another, where nobody knows before a request gets there: not one that has been
 * served by itself, for which Koa listens to its errors.
 */
function mayBeMounted(app: Application, within: Application): boolean {
  return app !== within && app.listenerCount('error') === 0;
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
      closeness === closest && (attribution.method ?? attribution.controller) === 'untracked',
  );
}

/** The names of the parameters in a template. */
export function parameterNames(template: string): readonly string[] {
  return Array.from(template.matchAll(NAMES), ([, name]) => name ?? '');
}
