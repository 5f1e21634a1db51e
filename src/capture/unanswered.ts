import { type KnownAction, knownActions } from './action-hook.js';
import type { Attribution } from './exchange.js';

/** A template as paths are compared with it. */
interface Outline {
  /** Its segments in lower case; null where any text may stand. */
  readonly segments: readonly (string | null)[];
  /** What the rest of the path begins with, however many segments that has; null if there is no rest. */
  readonly rest: string | null;
}

/** What a template has beside text and `:name`: wildcards, groups, and what regular expressions are made of. */
const BEYOND_NAMES = /[*+?(){}[\]\\^$|]/;

/** Names in a template: `:name`, `*name`, and the named groups of a regular expression. */
const NAMES = /(?:[:*]"?|\(\?<)([\p{ID_Continue}$]+)/gu;

const outlines = new WeakMap<Attribution, Outline>();

/**
 * The actions that a request may have been for which failed before any of them ran: as its body could not be read, or its
 * method is none of theirs. They are those of the whole process, and rather too many than too few.
 *
 * @param path - as it was sent
 */
export function actionsFor(path: string): readonly Attribution[] {
  const segments = segmentsOf(path);
  return knownActions()
    .map(({ attribution }: KnownAction) => attribution)
    .filter((attribution) => covers(outlineOf(attribution), segments));
}

/** The names of the parameters in a template. */
export function parameterNames(template: string): readonly string[] {
  return Array.from(template.matchAll(NAMES), ([, name]) => name ?? '');
}

function outlineOf(attribution: Attribution): Outline {
  let outline = outlines.get(attribution);
  if (outline === undefined) {
    outline = readOutline(attribution.route ?? '');
    outlines.set(attribution, outline);
  }
  return outline;
}

function readOutline(template: string): Outline {
  // That of a regular expression is its source, which may begin with a slash as well.
  const all = segmentsOf(template);
  const open = all.findIndex((segment) => BEYOND_NAMES.test(segment));
  const segments = (open < 0 ? all : all.slice(0, open)).map((part) => (part.includes(':') ? null : part));
  const rest = all[open]?.split(BEYOND_NAMES, 1)[0]?.split(':', 1)[0];
  return { segments, rest: rest ?? null };
}

function covers({ segments, rest }: Outline, path: readonly string[]): boolean {
  if (rest === null && path.length !== segments.length) return false;
  return (
    segments.every(
      (segment, index) => index < path.length && (segment === null || segment === path[index]),
    ) && (path[segments.length] ?? '').startsWith(rest ?? '')
  );
}

/** The router does not tell case, nor a slash at the end. */
function segmentsOf(path: string): string[] {
  return path.toLowerCase().replace(/^\//, '').replace(/\/$/, '').split('/');
}
