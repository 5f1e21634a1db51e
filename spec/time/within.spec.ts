import { expect } from 'chai';
import { within } from '../../src/time/within.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('within', () => {
  it('ends with the work, and takes its timer back', async () => {
    const clock = new ManualClock();
    expect(await within(clock, 1000, Promise.resolve())).to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('ends without the work when the time is over', async () => {
    const clock = new ManualClock();
    let isDone: boolean | null = null;
    const waiting = within(clock, 1000, new Promise(() => {})).then((answer) => (isDone = answer));
    await clock.advance(999);
    expect(isDone).to.equal(null);
    await clock.advance(1);
    expect(await waiting).to.equal(false);
  });
});
