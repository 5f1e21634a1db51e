/** What tells whether an endpoint may be another one under a new name. */
export interface Renamable {
  readonly service: string;
  readonly method: string;
  readonly route: string;
  readonly controller?: string | null | undefined;
  readonly action?: string | null | undefined;
}

/** One endpoint that stops, and one that begins and seems to take its place. */
export interface Rename<Old, New> {
  readonly from: Old;
  readonly to: New;
}

/**
 * Pairs endpoints that stop with such as begin: those whose templates are alike and that one action answers first, then those of one
 * action, then those whose templates are alike. Each is in one pair at most.
 */
export function findRenames<Old extends Renamable, New extends Renamable>(
  stopping: readonly Old[],
  beginning: readonly New[],
  isAtOnce: (from: Old, to: New) => boolean = () => true,
): Rename<Old, New>[] {
  const candidates = stopping
    .flatMap((from) =>
      beginning
        .filter((to) => isAtOnce(from, to))
        .map((to) => ({ from, to, likeness: likenessOf(from, to) })),
    )
    .filter(({ likeness }) => likeness > 0)
    .toSorted((one, other) => other.likeness - one.likeness);
  const stopped = new Set<Old>();
  const begun = new Set<New>();
  return candidates.filter(({ from, to }) => {
    if (stopped.has(from) || begun.has(to)) return false;
    stopped.add(from);
    begun.add(to);
    return true;
  });
}

/** How a renamed endpoint is called: its template, and its method where that is another one. */
export function newNameOf(from: Renamable, to: Renamable): string {
  return from.method === to.method ? to.route : `${to.method} ${to.route}`;
}

function likenessOf(from: Renamable, to: Renamable): number {
  if (from.service !== to.service) return 0;
  const isOneAction =
    from.action != null && from.action === to.action && from.controller === to.controller ? 2 : 0;
  return isOneAction + (from.method === to.method && areAlike(from.route, to.route) ? 1 : 0);
}

/** Whether two templates have the same segments but for one, and at least one in common. */
function areAlike(one: string, other: string): boolean {
  const [segments, others] = [one, other].map((route) => route.split('/').filter(Boolean)) as [
    string[],
    string[],
  ];
  const different = segments.filter((segment, index) => segment !== others[index]).length;
  return segments.length === others.length && different === 1 && segments.length > 1;
}
