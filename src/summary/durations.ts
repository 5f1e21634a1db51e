import { type NumberReader, NumberWriter } from './numbers.js';

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

/** The durations that were asked for, by their buckets: answers ask for few again and again. */
const known: number[] = [];

/** The duration in milliseconds that stands for all durations of a bucket; 0 for none. */
export function durationOf(bucket: number): number {
  if (bucket <= 0) return bucket === 0 ? 0.1 : 0;
  return (known[bucket] ??= (2 * GAMMA ** bucket) / (GAMMA + 1) / 10);
}

/**
 * The buckets of the shortest durations that are not exceeded by shares of all durations: within 2 % of the exact ones.
 *
 * @param packed - what {@link Durations.pack} has packed
 * @param total - the sum of all counts, in steps
 * @param shares - from 0 to 1, such as 0.95, in ascending order
 * @returns -1 for each where there are no durations
 */
export function quantiles(packed: NumberReader, total: number, shares: readonly number[]): number[] {
  const numbers = packed.copy();
  let bucket = numbers.read() - 1;
  let sum = 0;
  return shares.map((share) => {
    while (numbers.hasMore && (sum === 0 || sum < share * total)) {
      const count = numbers.read();
      bucket += count === 0 ? numbers.read() : 1;
      sum += count;
    }
    return sum === 0 ? -1 : bucket;
  });
}

/** How many durations there are in each bucket. */
export class Durations {
  /** The bucket of the first count; all buckets up to the last one with a duration have a count. */
  #low = 0;
  #counts: number[] = [];

  /** Counts durations of a bucket. */
  add(bucket: number, count: number): void {
    if (this.#counts.length === 0) this.#low = bucket;
    else if (bucket < this.#low) {
      this.#counts = [...Array<number>(this.#low - bucket).fill(0), ...this.#counts];
      this.#low = bucket;
    }
    const place = bucket - this.#low;
    while (this.#counts.length <= place) this.#counts.push(0);
    (this.#counts[place] as number) += count;
  }

  /** Adds the counts of others. */
  merge(others: Durations): void {
    for (const [place, count] of others.#counts.entries())
      if (count !== 0) this.add(others.#low + place, count);
  }

  /** Adds the counts that {@link pack} has packed. */
  mergePacked(packed: NumberReader, step: number): void {
    const numbers = packed.copy();
    for (let bucket = numbers.read(); numbers.hasMore; bucket += 1) {
      const count = numbers.read();
      if (count === 0) bucket += numbers.read() - 1;
      else this.add(bucket, count * step);
    }
  }

  /**
   * The counts as bytes: the first bucket, then counts, of which a zero stands for as many as the next number tells.
   *
   * @param step - counts are multiples of this
   */
  pack(step: number): readonly number[] {
    const numbers = new NumberWriter();
    numbers.write(this.#low);
    let zeros = 0;
    for (const count of this.#counts) {
      if (count === 0) zeros += 1;
      else {
        if (zeros > 0) numbers.write(0, zeros);
        zeros = 0;
        numbers.write(count / step);
      }
    }
    return numbers.bytes;
  }

  /** Whether a condition holds for each count. */
  every(condition: (count: number) => boolean): boolean {
    return this.#counts.every(condition);
  }
}
