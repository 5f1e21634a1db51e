/** How many names are offered instead of one that is not there. */
const OFFERED = 3;

/** The names that are written most like another, the nearest first. */
export function nearest(name: string, names: readonly string[]): readonly string[] {
  return names
    .map((one) => [one, distance(name, one)] as const)
    .toSorted(([, one], [, other]) => one - other)
    .slice(0, OFFERED)
    .map(([one]) => one);
}

/** How many characters have to be put in, left out or replaced to make one text of another (Levenshtein, 1966). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (let above = 0; above < one.length; above += 1) {
    const next = [above + 1];
    for (let place = 1; place <= other.length; place += 1) {
      const replaced = Number(row[place - 1]) + (other[place - 1] === one[above] ? 0 : 1);
      next.push(Math.min(replaced, Number(row[place]) + 1, Number(next[place - 1]) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
