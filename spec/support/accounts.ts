import { expect } from 'chai';
import { type Counts, countDropped } from '../../src/pipeline/accounting.js';

/** Every record is in exactly one place. */
export function expectBalanced(counts: Counts): void {
  const { accepted, stored, queued, inFlight, dropped } = counts;
  expect(accepted, JSON.stringify(counts)).to.equal(stored + queued + inFlight + countDropped(dropped));
}
