/** A figure with the bounds of its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Returns numbers from 0 to below 1, as `Math.random` does. */
export type Random = () => number;

const RESAMPLES = 2000;

/**
 * The quantile of a sample, interpolated between the two nearest values.
 *
 * @param share - from 0 (the least) to 1 (the greatest)
 * @throws {RangeError} if the sample is empty, or the share is out of bounds
 */
export function quantile(sample: readonly number[], share: number): number {
  return quantileOfSorted(sortedCopy(sample), share);
}

/** The middle of a sample. */
export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/**
 * A quantile with the interval that 95 % of bootstrap resamples fall into (the percentile bootstrap of Efron,
 * 1979): how far it would move if the same benchmark were run again.
 */
export function estimateQuantile(
  sample: readonly number[],
  share: number,
  random: Random = Math.random,
): Estimate {
  return bootstrap(quantile(sample, share), () => quantile(resample(sample, random), share));
}

/** The median with its 95 % interval. */
export function estimateMedian(sample: readonly number[], random: Random = Math.random): Estimate {
  return estimateQuantile(sample, 0.5, random);
}

/**
 * The median of values that come in clusters, such as all that were taken of the same processes, with its 95 % interval. Clusters are
 * drawn anew, and then values within each (Davison and Hinkley, Bootstrap Methods and their Application, 1997, 3.8): what
 * differs between two clusters for good would otherwise make the interval too narrow.
 *
 * @param clusters - none of them empty
 */
export function estimateClusteredMedian(
  clusters: readonly (readonly number[])[],
  random: Random = Math.random,
): Estimate {
  return bootstrap(median(clusters.flat()), () =>
    median(resample(clusters, random).flatMap((cluster) => resample(cluster, random))),
  );
}

/** A figure that was taken once, and so has no interval. */
export function exactly(value: number): Estimate {
  return { value, low: value, high: value };
}

/** The items in random order, each order equally likely (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random = Math.random): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

/** @param again - the same figure of a sample that is drawn from the one at hand */
function bootstrap(value: number, again: () => number): Estimate {
  const resampled = sortedCopy(Array.from({ length: RESAMPLES }, again));
  return { value, low: quantileOfSorted(resampled, 0.025), high: quantileOfSorted(resampled, 0.975) };
}

/** As many items, each drawn from all, so that some come more than once and some not at all. */
function resample<Item>(items: readonly Item[], random: Random): Item[] {
  return items.map(() => items[Math.floor(random() * items.length)] as Item);
}

/** An array of numbers alone is sorted without a call for each two of them. */
function sortedCopy(sample: readonly number[]): Float64Array {
  return Float64Array.from(sample).toSorted();
}

function quantileOfSorted(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) throw new RangeError('An empty sample has no quantiles.');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`A share is from 0 to 1, not ${share}.`);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
