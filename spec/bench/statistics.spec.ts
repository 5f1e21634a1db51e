import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Estimate,
  estimateClusteredMedian,
  estimateMedian,
  estimateQuantile,
  exactly,
  median,
  quantile,
  shuffled,
} from '../../bench/harness/statistics.js';

const samples = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 50 });

/** A small generator of numbers that come again (Park and Miller, 1988). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('The statistics of benchmarks', () => {
  describe('quantiles', () => {
    it('have the middle value, or the mean of the two in the middle, as the median', () => {
      expect(median([9, 1, 5])).to.equal(5);
      expect(median([9, 1, 5, 7])).to.equal(6);
      expect(median([4])).to.equal(4);
    });

    it('are interpolated between the two nearest values', () => {
      expect(quantile([10, 20, 30, 40, 50], 0.99)).to.be.closeTo(49.6, 1e-9);
      expect(quantile([1, 2], 0.25)).to.equal(1.25);
    });

    it('sort numbers as numbers, and leave the sample as it is', () => {
      const sample = [100, 9, 20];
      expect(median(sample)).to.equal(20);
      expect(sample).to.deep.equal([100, 9, 20]);
    });

    it('go from the least to the greatest, and never back', () => {
      fc.assert(
        fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (sample, share) => {
          expect(quantile(sample, 0)).to.equal(Math.min(...sample));
          expect(quantile(sample, 1)).to.equal(Math.max(...sample));
          expect(quantile(sample, share)).to.be.at.most(quantile(sample, share + (1 - share) / 2) + 1e-6);
        }),
      );
    });

    it('are refused of an empty sample, and of a share that is none', () => {
      expect(() => median([])).to.throw(RangeError, 'empty sample');
      expect(() => quantile([1], 1.1)).to.throw(RangeError, '1.1');
      expect(() => quantile([1], NaN)).to.throw(RangeError, 'NaN');
    });
  });

  describe('intervals', () => {
    it('lie around the value, and within the sample', () => {
      fc.assert(
        fc.property(samples, fc.integer({ min: 1, max: 1e6 }), (sample, seed) => {
          const { value, low, high } = estimateMedian(sample, seeded(seed));
          expect(value).to.equal(median(sample));
          expect(low).to.be.at.least(Math.min(...sample));
          expect(high).to.be.at.most(Math.max(...sample));
          expect(low).to.be.at.most(high);
        }),
        { numRuns: 20 },
      );
    });

    it('hold the true median in about 95 of 100 cases', () => {
      const random = seeded(11);
      let hits = 0;
      for (let run = 0; run < 200; run += 1) {
        const sample = Array.from({ length: 30 }, random);
        const { low, high } = estimateMedian(sample, random);
        if (low <= 0.5 && high >= 0.5) hits += 1;
      }
      expect(hits / 200).to.be.within(0.89, 0.99);
    });

    it('get narrower with more values', () => {
      const random = seeded(7);
      const widthOf = (length: number): number => {
        const { low, high } = estimateQuantile(Array.from({ length }, random), 0.5, random);
        return high - low;
      };
      expect(widthOf(1000)).to.be.below(widthOf(20) / 2);
    });

    it('are wider where values of a cluster are alike and clusters are not', () => {
      const random = seeded(5);
      const widthOf = ({ low, high }: Estimate): number => high - low;
      const clusters = [1, 2, 3, 4, 5, 6, 7, 8].map((middle) =>
        Array.from({ length: 7 }, () => middle + random() / 10),
      );
      const clustered = estimateClusteredMedian(clusters, random);
      expect(clustered.value).to.equal(median(clusters.flat()));
      expect(widthOf(clustered)).to.be.above(1.5 * widthOf(estimateMedian(clusters.flat(), random)));
    });

    it('hold the true median of clusters in most cases', () => {
      const random = seeded(13);
      let hits = 0;
      for (let run = 0; run < 60; run += 1) {
        const clusters = Array.from({ length: 8 }, () => {
          const offset = random() - 0.5;
          return Array.from({ length: 7 }, () => offset + (random() - 0.5) / 2);
        });
        const { low, high } = estimateClusteredMedian(clusters, random);
        if (low <= 0 && high >= 0) hits += 1;
      }
      expect(hits).to.be.within(51, 60);
    });

    it('have no width where a figure was taken once', () => {
      expect(exactly(1.5)).to.deep.equal({ value: 1.5, low: 1.5, high: 1.5 });
    });
  });

  describe('shuffling', () => {
    it('keeps every item, and leaves the list as it is', () => {
      fc.assert(
        fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 1e6 }), (items, seed) => {
          const before = [...items];
          const sorted = shuffled(items, seeded(seed)).toSorted((a, b) => a - b);
          expect(sorted).to.deep.equal(items.toSorted((a, b) => a - b));
          expect(items).to.deep.equal(before);
        }),
      );
    });

    it('gives every order about equally often', () => {
      const random = seeded(3);
      const seen = new Map<string, number>();
      for (let run = 0; run < 6000; run += 1) {
        const order = shuffled(['a', 'b', 'c'], random).join('');
        seen.set(order, (seen.get(order) ?? 0) + 1);
      }
      expect([...seen.keys()].toSorted()).to.deep.equal(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
      for (const [order, times] of seen) expect(times, order).to.be.within(850, 1150);
    });
  });
});
