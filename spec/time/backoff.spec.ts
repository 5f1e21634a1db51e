import { expect } from 'chai';
import { backoffMs } from '../../src/time/backoff.js';

const BOUNDS = { minDelayMs: 500, maxDelayMs: 30_000 };

describe('backoffMs', () => {
  for (const [failures, ceiling] of [
    [1, 500],
    [2, 1000],
    [3, 2000],
    [6, 16_000],
    [7, 30_000],
    [2000, 30_000],
  ] as const) {
    it(`pauses up to ${ceiling} ms after ${failures} failures`, () => {
      expect(backoffMs(BOUNDS, failures, 0)).to.equal(1);
      expect(backoffMs(BOUNDS, failures, 0.5)).to.equal(ceiling / 2);
      expect(backoffMs(BOUNDS, failures, 0.999999)).to.equal(ceiling);
    });
  }
});
