import { knownActions } from './action-hook.js';
import { type RouteMatch, RouteTree } from './route-tree.js';

/** Names in a template: `:name`, `*name`, and the named groups of a regular expression. */
const NAMES = /(?:[:*]"?|\(\?<)([\p{ID_Continue}$]+)/gu;

/** The actions that have been looked at so far. */
const tree = new RouteTree();
let known = 0;

/**
 * The actions that a request may have been for which failed before any of them ran: as its body could not be read, or its
 * method is none of theirs. They are those of the whole process, and rather too many than too few.
 *
 * @param path - as it was sent
 */
export function candidatesFor(path: string): readonly RouteMatch[] {
  for (const action of knownActions(known)) {
    known += 1;
    tree.add(action);
  }
  return tree.find(path);
}

/**
 * Whether such a request was for an action that is not tracked: of those that it may have been for by its method as well, one
 * whose template says most of the path.
 */
export function isForUntracked(candidates: readonly RouteMatch[], method: string): boolean {
  // A router answers HEAD by what it has for GET.
  const asked = method === 'HEAD' ? 'GET' : method;
  const meant = candidates.filter(({ action }) => action.method === asked || action.method === 'ALL');
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
