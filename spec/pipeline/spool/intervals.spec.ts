import { expect } from 'chai';
import { Intervals } from '../../../src/pipeline/spool/intervals.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('Intervals', () => {
  let clock: ManualClock;
  let intervals: Intervals;
  let done: string[];

  beforeEach(() => {
    clock = new ManualClock();
    intervals = new Intervals(clock);
    done = [];
  });

  it('do each thing again and again at its own time, and not before', async () => {
    intervals.every(20, () => done.push('b'));
    intervals.every(30, () => done.push('c'));
    await clock.advance(19);
    expect(done).to.deep.equal([]);
    await clock.advance(31);
    expect(done).to.deep.equal(['b', 'c', 'b']);
    await clock.advance(40);
    expect(done.filter((name) => name === 'b')).to.have.lengthOf(4);
    expect(done.filter((name) => name === 'c')).to.have.lengthOf(3);
  });

  it('do nothing any more when they are stopped, whatever they have done before', async () => {
    intervals.every(10, () => done.push('a'));
    intervals.every(15, () => done.push('b'));
    await clock.advance(10);
    intervals.stop();
    expect(clock.pendingTimers).to.equal(0);
    await clock.advance(100);
    expect(done).to.deep.equal(['a']);
  });

  it('may be stopped by what they do', async () => {
    intervals.every(10, () => {
      done.push('a');
      intervals.stop();
    });
    await clock.advance(100);
    expect(done).to.deep.equal(['a']);
  });

  it('keep no process alive', () => {
    const kept: unknown[] = [];
    const watched = {
      now: () => 0,
      monotonic: () => 0,
      setTimeout(callback: () => void, _delayMs: number, keepsAlive?: boolean): object {
        kept.push(keepsAlive);
        if (kept.length < 3) callback();
        return {};
      },
      clearTimeout: () => {},
    };
    new Intervals(watched).every(10, () => {});
    expect(kept).to.deep.equal([false, false, false]);
  });
});
