import { expect } from 'chai';
import { Turns } from '../../../src/pipeline/spool/turns.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('Turns', () => {
  let clock: ManualClock;
  let turns: Turns;
  let stalls: number;
  let done: string[];
  const ticks = (count: number): Promise<void> => clock.advance(count * 1000);
  const note = (name: string) => async (): Promise<void> => void done.push(name);

  beforeEach(() => {
    clock = new ManualClock();
    stalls = 0;
    done = [];
    turns = new Turns(clock, () => (stalls += 1));
  });

  it('does one thing at a time, in order, whatever becomes of it', async () => {
    const first = Promise.withResolvers<void>();
    const results = [
      turns.run(() => first.promise.then(() => done.push('first'))),
      turns.run(() => Promise.reject(new Error('second'))),
      turns.run(() => Promise.resolve(done.push('third'))),
    ];
    await new Promise(setImmediate);
    expect(done).to.deep.equal([]);
    first.resolve();
    await Promise.allSettled(results);
    expect(done).to.deep.equal(['first', 'third']);
    expect(await results[1]?.catch(String)).to.equal('Error: second');
  });

  it('notices once what does not end within three ticks, and when it ends', async () => {
    const hung = Promise.withResolvers<void>();
    const running = turns.run(() => hung.promise);
    await Promise.resolve();
    await ticks(2);
    expect([turns.areStalled, stalls]).to.deep.equal([false, 0]);
    await ticks(10);
    expect([turns.areStalled, stalls]).to.deep.equal([true, 1]);
    hung.resolve();
    await running;
    expect(turns.areStalled).to.equal(false);
  });

  it('takes neither idleness nor many short things for a stall', async () => {
    await ticks(10);
    for (let time = 0; time < 10; time += 1) {
      const short = Promise.withResolvers<void>();
      const running = turns.run(() => short.promise);
      await Promise.resolve();
      await ticks(2);
      short.resolve();
      await running;
    }
    expect([turns.areStalled, stalls]).to.deep.equal([false, 0]);
  });

  it('does each thing again and again at its own time, and not before', async () => {
    turns.every(20, note('b'));
    turns.every(30, note('c'));
    await clock.advance(19);
    expect(done).to.deep.equal([]);
    await clock.advance(31);
    expect(done).to.deep.equal(['b', 'c', 'b']);
    await clock.advance(40);
    expect(done.filter((name) => name === 'b')).to.have.lengthOf(4);
    expect(done.filter((name) => name === 'c')).to.have.lengthOf(3);
  });

  it('does again what has failed, and waits with it for its last turn to end', async () => {
    const hung = Promise.withResolvers<void>();
    turns.every(10, () => {
      done.push('a');
      return hung.promise;
    });
    await clock.advance(50);
    expect(done).to.deep.equal(['a']);
    hung.reject(new Error('no disk'));
    await new Promise(setImmediate);
    await clock.advance(10);
    expect(done).to.deep.equal(['a', 'a']);
  });

  it('repeats nothing any more when it is stopped, also by what it does', async () => {
    turns.every(10, note('a'));
    turns.every(15, async () => turns.stop());
    await clock.advance(15);
    await new Promise(setImmediate);
    expect(clock.pendingTimers).to.equal(0);
    await clock.advance(100);
    expect(done).to.deep.equal(['a']);
  });

  it('keeps no process alive', () => {
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
    new Turns(watched, () => {}).every(10, async () => {});
    expect(kept).to.deep.equal([false, false, false, false]);
  });
});
