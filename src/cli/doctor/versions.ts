/** The numbers of a version, such as `7.2.1`; what stands behind a dash is left out. */
function numbersOf(version: string): number[] {
  const [release = ''] = version.split(/[-+]/);
  return [0, 1, 2].map((place) => Number(release.split('.')[place] ?? 0));
}

/** Compares versions by their numbers. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const place = left.findIndex((number, index) => number !== right[index]);
  return place < 0 ? 0 : Number(left[place]) - Number(right[place]);
}

/**
 * Whether a version is within a range of this package's manifest: `>=1.2.3`, or `^1.2.3`, or several of these with `||`. `^` leaves
 * the first number that is not 0 as it is (Semantic Versioning 2.0.0, as npm reads it).
 */
export function isWithinRange(version: string, range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, least = ''] = /^(\^|>=)([\d.]+)$/.exec(part.trim()) ?? [];
    if (operator === undefined || compareVersions(version, least) < 0) return false;
    if (operator === '>=') return true;
    const wanted = numbersOf(least);
    const kept = wanted.findIndex((number) => number !== 0);
    const found = numbersOf(version);
    return wanted.every((number, place) => place > kept || number === found[place]);
  });
}
