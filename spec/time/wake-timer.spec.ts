import { expect } from 'chai';
import { WakeTimer } from '../../src/time/wake-timer.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('WakeTimer', () => {
  it('is one timer: what is set last counts', async () => {
    const clock = new ManualClock();
    const timer = new WakeTimer(clock);
    const calls: string[] = [];
    timer.after(10, false, () => calls.push('first'));
    timer.after(20, false, () => calls.push('second'));
    expect(clock.pendingTimers).to.equal(1);
    await clock.advance(30);
    expect(calls).to.deep.equal(['second']);
    expect(timer.isSet).to.equal(false);
  });

  it('wakes soon once, however often it is asked, and again when it has', async () => {
    const clock = new ManualClock();
    const timer = new WakeTimer(clock);
    let calls = 0;
    const wake = (): void => void (calls += 1);
    timer.soon(wake);
    timer.soon(wake);
    await clock.advance(0);
    expect(calls).to.equal(1);
    timer.soon(wake);
    await clock.advance(0);
    expect(calls).to.equal(2);
  });

  it('can be taken back', async () => {
    const clock = new ManualClock();
    const timer = new WakeTimer(clock);
    timer.soon(() => expect.fail('it was taken back'));
    timer.stop();
    await clock.advance(10);
    expect(timer.isSet).to.equal(false);
  });
});
