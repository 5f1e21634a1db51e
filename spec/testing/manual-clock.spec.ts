import { expect } from 'chai';
import { ManualClock } from '../../src/testing/index.js';

describe('ManualClock', () => {
  it('stands still until it is told otherwise', async () => {
    const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));
    expect([clock.now(), clock.monotonic()]).to.deep.equal([Date.parse('2026-05-01T00:00:00Z'), 0]);
    await clock.advance(1500);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([Date.parse('2026-05-01T00:00:01.500Z'), 1500]);
  });

  it('starts on the first of January 2026 unless told otherwise', () => {
    expect(new Date(new ManualClock().now()).toISOString()).to.equal('2026-01-01T00:00:00.000Z');
  });

  it('calls timers in the order of their times, each at its time', async () => {
    const clock = new ManualClock();
    const calls: [string, number][] = [];
    for (const [name, delayMs] of [
      ['late', 300],
      ['first', 100],
      ['second', 100],
      ['now', 0],
      ['past', -5],
    ] as const) {
      clock.setTimeout(() => calls.push([name, clock.monotonic()]), delayMs);
    }
    await clock.advance(299);
    expect(calls).to.deep.equal([
      ['now', 0],
      ['past', 0],
      ['first', 100],
      ['second', 100],
    ]);
    expect(clock.pendingTimers).to.equal(1);
    await clock.advance(1);
    expect(calls.at(-1)).to.deep.equal(['late', 300]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('calls timers that timers set, if their time comes within the same advance', async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.monotonic());
      clock.setTimeout(again, 100);
    };
    clock.setTimeout(again, 100);
    await clock.advance(350);
    expect(times).to.deep.equal([100, 200, 300]);
  });

  it('lets promises settle after each timer', async () => {
    const clock = new ManualClock();
    const steps: string[] = [];
    clock.setTimeout(() => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => steps.push('promise'));
    }, 10);
    clock.setTimeout(() => steps.push('timer'), 20);
    await clock.advance(20);
    expect(steps).to.deep.equal(['promise', 'timer']);
  });

  it('does not call a timer that was taken back', async () => {
    const clock = new ManualClock();
    let isCalled = false;
    const timer = clock.setTimeout(() => {
      isCalled = true;
    }, 10);
    clock.clearTimeout(timer);
    clock.clearTimeout(timer);
    await clock.advance(100);
    expect(isCalled).to.equal(false);
    expect(clock.pendingTimers).to.equal(0);
  });
});
