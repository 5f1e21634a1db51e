import { expect } from 'chai';
import * as fc from 'fast-check';
import { Durations, bucketOf, durationOf, quantiles } from '../../src/summary/durations.js';
import { NumberReader } from '../../src/summary/numbers.js';
import { Seeded } from '../support/seeded.js';
import { bucketBounds } from '../support/bucket-bounds.js';

const SHARES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

/** A little more than 2 %, for the rounding of logarithms. */
const WITHIN = 0.02 + 1e-9;

/** Durations that are distributed in such ways, each from a number above 0 and below 1. */
const DISTRIBUTIONS: Readonly<Record<string, (next: () => number) => number>> = {
  uniform: (next) => 0.1 + 5000 * next(),
  exponential: (next) => 0.1 - 80 * Math.log(next()),
  lognormal: (next) => 0.1 + Math.exp(3 + 1.5 * normal(next)),
  bimodal: (next) => (next() < 0.94 ? 2 + next() : 9000 + 500 * next()),
  constant: () => 42,
};

/** By Box and Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

function packedOf(counts: Durations, step = 1): NumberReader {
  return new NumberReader(Uint8Array.from(counts.pack(step)));
}

function quantilesOf(durations: readonly number[], shares: readonly number[]): number[] {
  const counts = new Durations();
  for (const durationMs of durations) counts.add(bucketOf(durationMs), 1);
  return quantiles(packedOf(counts), durations.length, shares).map(durationOf);
}

/** The shortest duration that a share of all does not exceed, by sorting them. */
function exactOf(durations: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * durations.length));
  return durations.toSorted((one, other) => one - other)[rank - 1] ?? NaN;
}

function expectWithin(found: number, exact: number): void {
  expect(Math.abs(found - exact) / exact, `${found} for ${exact}`).to.be.at.most(WITHIN);
}

describe('summary/durations', () => {
  for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
    it(`tells percentiles of durations that are ${name} within 2 % of the exact ones`, () => {
      const seeded = new Seeded(7);
      const next = (): number => seeded.integer(1, 999_999_999) / 1e9;
      for (const count of [1, 2, 20, 100, 20_000]) {
        const durations = Array.from({ length: count }, () => draw(next));
        const found = quantilesOf(durations, SHARES);
        for (const [index, share] of SHARES.entries())
          expectWithin(found[index] as number, exactOf(durations, share));
      }
    });
  }

  it('begin with the shortest duration of each, to the last bit', () => {
    const bits = new BigInt64Array(1);
    const value = new Float64Array(bits.buffer);
    for (const [bucket, bound] of bucketBounds().entries()) {
      expect(bucketOf(bound)).to.equal(bucket);
      if (bucket === 0) continue;
      value[0] = bound;
      (bits[0] as bigint) -= 1n;
      expect(bucketOf(value[0])).to.equal(bucket - 1);
    }
    expect(bucketBounds().at(-1)).to.be.above(1e11);
  });

  it('always tells a percentile within 2 %, whatever the durations are', () => {
    const anyDuration = fc.oneof(
      fc.double({ min: 0.1, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 100 }),
    );
    fc.assert(
      fc.property(
        fc.array(anyDuration, { minLength: 1, maxLength: 50 }),
        fc.constantFrom(...SHARES),
        (durations, share) => {
          const [found = NaN] = quantilesOf(durations, [share]);
          expectWithin(found, exactOf(durations, share));
        },
      ),
    );
  });

  it('never puts a longer duration in a lower bucket', () => {
    const anyDuration = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(anyDuration, anyDuration, (one, other) => {
        expect(bucketOf(Math.min(one, other))).to.be.at.most(bucketOf(Math.max(one, other)));
      }),
    );
  });

  it('keeps durations of a nanosecond and of years in few buckets', () => {
    expect(bucketOf(365 * 86_400_000) - bucketOf(1e-6)).to.be.within(1, 700);
  });

  it('has one bucket for what takes up to a tenth of a millisecond', () => {
    expect([0, 0.000_001, 0.05, 0.1].map(bucketOf)).to.deep.equal([0, 0, 0, 0]);
    expect(bucketOf(0.100_001)).to.equal(1);
    expect(durationOf(0)).to.equal(0.1);
  });

  it('counts a bucket by its weight', () => {
    const counts = new Durations();
    for (const [bucket, count] of [
      [200, 3.5],
      [10, 3.5],
      [300, 0.25],
    ] as const)
      counts.add(bucket, count);
    const found = quantiles(packedOf(counts, 0.25), 29, [3.5 / 7.25, 0.9, 0.95, 1]);
    expect(found).to.deep.equal([10, 200, 200, 300]);
  });

  it('has 0 for no durations at all', () => {
    expect(quantilesOf([], [0.5])).to.deep.equal([0]);
  });

  it('always counts alike what was packed, in whatever parts it comes', () => {
    const anyCounts = fc.array(fc.tuple(fc.nat({ max: 600 }), fc.integer({ min: 1, max: 2 ** 40 })));
    fc.assert(
      fc.property(anyCounts, anyCounts, fc.constantFrom(1, 2 ** -20), (some, more, step) => {
        const [one, other, whole] = [new Durations(), new Durations(), new Durations()];
        for (const [bucket, count] of some) one.add(bucket, count * step);
        for (const [bucket, count] of more) other.add(bucket, count * step);
        for (const [bucket, count] of [...more, ...some]) whole.add(bucket, count * step);
        const merged = new Durations();
        merged.mergePacked(packedOf(one, step), step);
        merged.merge(other);
        expect(merged.pack(step)).to.deep.equal(whole.pack(step));
      }),
    );
  });
});
