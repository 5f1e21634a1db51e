import { expect } from 'chai';
import { within } from '../../src/pipeline/within.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('within', () => {
  it('ends with the work, and takes its timer back', async () => {
    const clock = new ManualClock();
    await within(clock, 1000, Promise.resolve());
    expect(clock.pendingTimers).to.equal(0);
  });

  it('ends without the work when the time is over', async () => {
    const clock = new ManualClock();
    let isOver = false;
    const waiting = within(clock, 1000, new Promise(() => {})).then(() => (isOver = true));
    await clock.advance(999);
    expect(isOver).to.equal(false);
    await clock.advance(1);
    await waiting;
  });
});
