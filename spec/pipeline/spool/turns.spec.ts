import { expect } from 'chai';
import { Turns } from '../../../src/pipeline/spool/turns.js';

describe('Turns', () => {
  let turns: Turns;
  let stalls: number;
  const tick = (times: number): void => {
    for (let time = 0; time < times; time += 1) turns.tick();
  };

  beforeEach(() => {
    stalls = 0;
    turns = new Turns(() => (stalls += 1));
  });

  it('does one thing at a time, in order, whatever becomes of it', async () => {
    const done: string[] = [];
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
    tick(2);
    expect([turns.areStalled, stalls]).to.deep.equal([false, 0]);
    tick(10);
    expect([turns.areStalled, stalls]).to.deep.equal([true, 1]);
    hung.resolve();
    await running;
    expect(turns.areStalled).to.equal(false);
  });

  it('takes neither idleness nor many short things for a stall', async () => {
    tick(10);
    for (let time = 0; time < 10; time += 1) {
      const short = Promise.withResolvers<void>();
      const running = turns.run(() => short.promise);
      await Promise.resolve();
      tick(2);
      short.resolve();
      await running;
    }
    expect([turns.areStalled, stalls]).to.deep.equal([false, 0]);
  });
});
