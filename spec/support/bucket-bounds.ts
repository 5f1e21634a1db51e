import { bucketOf, durationOf } from '../../src/summary/durations.js';

/** The longest duration up to which bounds are found, in milliseconds: more than a year. */
const LAST_BOUND_MS = 1e11;

/** The shortest duration of each bucket, to the last bit, in milliseconds. */
export function bucketBounds(): readonly number[] {
  const found = [0];
  for (let bucket = 1; (found.at(-1) as number) < LAST_BOUND_MS; bucket += 1) found.push(firstOf(bucket));
  return found;
}

function firstOf(bucket: number): number {
  const bits = new BigInt64Array(1);
  const value = new Float64Array(bits.buffer);
  value[0] = durationOf(bucket);
  const isIn = (): boolean => bucketOf(value[0] as number) >= bucket;
  // Half of the numbers between the bucket's own duration and a shorter one that is in none so high are passed over at a time.
  let [low, high] = [0n, bits[0] as bigint];
  while (low < high) {
    bits[0] = (low + high) / 2n;
    if (isIn()) high = bits[0];
    else low = bits[0] + 1n;
  }
  bits[0] = low;
  return value[0];
}
