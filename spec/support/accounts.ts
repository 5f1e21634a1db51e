import { expect } from 'chai';
import { type RecordCounts, countDropped } from '../../src/pipeline/telling/accounting.js';

/** Every record is in exactly one place. */
export function expectBalanced(counts: RecordCounts): void {
  const { accepted, stored, queued, inFlight, spooled, dropped } = counts;
  expect(accepted, JSON.stringify(counts)).to.equal(
    stored + queued + inFlight + spooled + countDropped(dropped),
  );
}
