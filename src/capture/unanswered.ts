import { knownActions } from './action-hook.js';
import type { Attribution } from './exchange.js';
import { RouteTree } from './route-tree.js';

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
export function actionsFor(path: string): readonly Attribution[] {
  for (const { attribution } of knownActions(known)) {
    known += 1;
    tree.add(attribution);
  }
  return tree.find(path);
}

/** The names of the parameters in a template. */
export function parameterNames(template: string): readonly string[] {
  return Array.from(template.matchAll(NAMES), ([, name]) => name ?? '');
}
