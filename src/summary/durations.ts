/**
 * Durations as counts in log-spaced buckets, which are merged by adding: DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and
 * Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019).
 */

/** The largest error of a percentile, as a part of the exact one. */
const ACCURACY = 0.02;

const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);

/** The bucket of a duration in milliseconds. All durations up to a tenth of a millisecond are in bucket 0. */
export function bucketOf(durationMs: number): number {
  return durationMs <= 0.1 ? 0 : Math.ceil(Math.log(10 * durationMs) / LOG_GAMMA);
}

/** The duration in milliseconds that stands for all durations of a bucket. */
export function durationOf(bucket: number): number {
  return bucket === 0 ? 0.1 : (2 * GAMMA ** bucket) / (GAMMA + 1) / 10;
}

/**
 * The shortest duration that is not exceeded by a share of all durations, in milliseconds, within 2 % of the exact one.
 *
 * @param buckets - how many durations there are in each bucket; several calls may share one list in ascending order
 * @param share - from 0 to 1, such as 0.95
 */
export function quantile(
  buckets: readonly (readonly [bucket: number, count: number])[],
  share: number,
): number {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let sum = 0;
  for (const [bucket, count] of buckets) {
    sum += count;
    if (sum >= share * total) return durationOf(bucket);
  }
  return 0;
}
