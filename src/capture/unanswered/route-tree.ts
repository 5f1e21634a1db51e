/** Characters of wildcards, groups and regular expressions, beside text and `:name` in a template. */
const BEYOND_NAMES = /[*+?(){}[\]\\^$|]/;

/** A template, in the form that paths are compared with. */
interface Outline {
  /** The template's segments in lower case; null where any text may stand. */
  readonly segments: readonly (string | null)[];
  /** The beginning of the path's rest, which may have any number of segments; null if there is no rest. */
  readonly rest: string | null;
}

/** What is known by a template that covers a path. */
export interface RouteMatch<Item> {
  readonly item: Item;
  /** Segments that the template spells out; a template with a rest, such as `*`, ranks below all others. */
  readonly closeness: number;
}

/** A node in a trie of templates, by segment: no path is compared with every template. */
class Branch<Item> {
  readonly #named = new Map<string, Branch<Item>>();
  #any: Branch<Item> | null = null;
  /** The templates that end here. */
  readonly #ends: RouteMatch<Item>[] = [];
  /** The templates whose rest begins here. */
  readonly #open: { readonly rest: string; readonly match: RouteMatch<Item> }[] = [];

  add(item: Item, { segments, rest }: Outline): void {
    const last = segments.reduce<Branch<Item>>((branch, segment) => branch.#grow(segment), this);
    const spelt = segments.filter((segment) => segment !== null).length;
    if (rest === null) last.#ends.push({ item, closeness: spelt });
    else last.#open.push({ rest, match: { item, closeness: spelt - Number.MAX_SAFE_INTEGER } });
  }

  /** Adds to `found` the templates that cover the path from the segment at `index` on. */
  find(path: readonly string[], index: number, found: RouteMatch<Item>[]): void {
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

  #grow(segment: string | null): Branch<Item> {
    if (segment === null) return (this.#any ??= new Branch<Item>());
    const branch = this.#named.get(segment) ?? new Branch<Item>();
    this.#named.set(segment, branch);
    return branch;
  }
}

/** A trie of the templates of routes, which finds the templates that cover a path. */
export class RouteTree<Item> {
  readonly #root = new Branch<Item>();

  /** Adds something that is known by a template. */
  add(item: Item, template: string): void {
    this.#root.add(item, readOutline(template));
  }

  /**
   * Finds the items whose templates may cover a path, in no order: rather too many than too few.
   *
   * @param path - the path as the client sent it
   */
  find(path: string): readonly RouteMatch<Item>[] {
    const found: RouteMatch<Item>[] = [];
    this.#root.find(segmentsOf(path), 0, found);
    return found;
  }
}

function readOutline(template: string): Outline {
  // The template of a regular expression is its source, which may begin with a slash as well.
  const all = segmentsOf(template);
  const open = all.findIndex((segment) => BEYOND_NAMES.test(segment));
  const segments = (open < 0 ? all : all.slice(0, open)).map((part) => (part.includes(':') ? null : part));
  const rest = all[open]?.split(BEYOND_NAMES, 1)[0]?.split(':', 1)[0];
  return { segments, rest: rest ?? null };
}

/** Splits a path as @koa/router compares paths: without case, and without a slash at the end. */
function segmentsOf(path: string): string[] {
  return path.toLowerCase().replace(/^\//, '').replace(/\/$/, '').split('/');
}
