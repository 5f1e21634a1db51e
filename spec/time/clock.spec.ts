import { expect } from 'chai';
import { earliest, systemClock } from '../../src/time/clock.js';

describe('The system clock', () => {
  it('tells the time of day, and a time that never goes back', () => {
    const earlierMs = Date.now();
    expect(systemClock.now()).to.be.within(earlierMs, Date.now());
    const before = systemClock.monotonic();
    expect(systemClock.monotonic()).to.be.at.least(before);
  });

  for (const keepAlive of [true, false]) {
    it(`sets timers that ${keepAlive ? 'keep' : 'do not keep'} the process alive`, () => {
      const timer = systemClock.setTimeout(() => {}, 1000, keepAlive) as NodeJS.Timeout;
      expect(timer.hasRef()).to.equal(keepAlive);
      systemClock.clearTimeout(timer);
    });
  }

  it('calls back once, and not at all when the timer is taken back', async () => {
    let calls = 0;
    const taken = systemClock.setTimeout(() => (calls += 100), 0, true);
    systemClock.clearTimeout(taken);
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(
        () => {
          calls += 1;
          resolve();
        },
        1,
        true,
      );
    });
    expect(calls).to.equal(1);
  });
});

describe('earliest', () => {
  it('is the earliest of those moments that are known', () => {
    expect(earliest(3, null, 2)).to.equal(2);
    expect(earliest(null, 0)).to.equal(0);
    expect(earliest(null, null)).to.equal(null);
  });
});
