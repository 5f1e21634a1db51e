import type { KnownAction } from '../attribution/known-actions.js';

/** What a template has beside text and `:name`: wildcards, groups, and what regular expressions are made of. */
const BEYOND_NAMES = /[*+?(){}[\]\\^$|]/;

/** A template as paths are compared with it. */
interface Outline {
  /** Its segments in lower case; null where any text may stand. */
  readonly segments: readonly (string | null)[];
  /** What the rest of the path begins with, however many segments that has; null if there is no rest. */
  readonly rest: string | null;
}

/** An action whose template covers a path. */
export interface RouteMatch {
  readonly action: KnownAction;
  /** How many segments of a path the template spells out; one for any rest, such as `*`, says less than all others. */
  readonly closeness: number;
}

/** The templates that go on from one place, by segment, so that a path is not compared with every template there is. */
class Branch {
  readonly #named = new Map<string, Branch>();
  #any: Branch | null = null;
  /** Those that end here. */
  readonly #ends: RouteMatch[] = [];
  /** Those whose rest begins here. */
  readonly #open: { readonly rest: string; readonly match: RouteMatch }[] = [];

  add(action: KnownAction, { segments, rest }: Outline): void {
    const last = segments.reduce<Branch>((branch, segment) => branch.#grow(segment), this);
    const spelt = segments.filter((segment) => segment !== null).length;
    if (rest === null) last.#ends.push({ action, closeness: spelt });
    else last.#open.push({ rest, match: { action, closeness: spelt - Number.MAX_SAFE_INTEGER } });
  }

  /** Adds to `found` what covers the path from a segment on. */
  find(path: readonly string[], index: number, found: RouteMatch[]): void {
    const segment = path[index];
    for (const { rest, match } of this.#open) {
      if ((segment ?? '').startsWith(rest)) found.push(match);
    }
    if (segment === undefined) {
      found.push(...this.#ends);
      return;
    }
    this.#named.get(segment)?.find(path, index + 1, found);
    this.#any?.find(path, index + 1, found);
  }

  #grow(segment: string | null): Branch {
    if (segment === null) return (this.#any ??= new Branch());
    const branch = this.#named.get(segment) ?? new Branch();
    this.#named.set(segment, branch);
    return branch;
  }
}

/** The templates of actions, in which those that cover a path are found without looking at each. */
export class RouteTree {
  readonly #root = new Branch();

  /** Adds an action by its route's template. */
  add(action: KnownAction): void {
    this.#root.add(action, readOutline(action.attribution.route ?? ''));
  }

  /**
   * The actions whose templates may cover a path, in no order, and rather too many than too few.
   *
   * @param path - as it was sent
   */
  find(path: string): readonly RouteMatch[] {
    const found: RouteMatch[] = [];
    this.#root.find(segmentsOf(path), 0, found);
    return found;
  }
}

function readOutline(template: string): Outline {
  // That of a regular expression is its source, which may begin with a slash as well.
  const all = segmentsOf(template);
  const open = all.findIndex((segment) => BEYOND_NAMES.test(segment));
  const segments = (open < 0 ? all : all.slice(0, open)).map((part) => (part.includes(':') ? null : part));
  const rest = all[open]?.split(BEYOND_NAMES, 1)[0]?.split(':', 1)[0];
  return { segments, rest: rest ?? null };
}

/** The router does not tell case, nor a slash at the end. */
function segmentsOf(path: string): string[] {
  return path.toLowerCase().replace(/^\//, '').replace(/\/$/, '').split('/');
}
