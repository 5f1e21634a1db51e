import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { Mutex } from '../../../src/backends/base/mutex.js';
import { caught } from '../../support/caught.js';

const { signal } = new AbortController();

/** Works that begin in their turn, and end when they are told to. */
class Works {
  readonly begun: PromiseWithResolvers<number>[] = [];
  readonly begin = (): Promise<number> => {
    const work = Promise.withResolvers<number>();
    this.begun.push(work);
    return work.promise;
  };
}

describe('Mutex', () => {
  it('begins one after another of those that came at once, whether they succeed or fail', async () => {
    const mutex = new Mutex();
    const { begun, begin } = new Works();
    const results = [1, 2, 3].map(() => mutex.run(signal, begin).catch(String));
    await nextTurn();
    expect(begun).to.have.lengthOf(1);
    begun[0]?.reject(new Error('refused'));
    await nextTurn();
    expect(begun).to.have.lengthOf(2);
    begun[1]?.resolve(2);
    await nextTurn();
    begun[2]?.resolve(3);
    expect(await Promise.all(results)).to.deep.equal(['Error: refused', 2, 3]);
  });

  it('begins nothing while work hangs that nobody waits for, and lets those who wait give up', async () => {
    const mutex = new Mutex();
    const { begun, begin } = new Works();
    for (const reason of [new Error('first'), new Error('second')]) {
      const impatient = new AbortController();
      const waiting = caught(mutex.run(impatient.signal, begin));
      impatient.abort(reason);
      expect(await waiting).to.equal(reason);
    }
    const next = mutex.run(signal, begin);
    await nextTurn();
    expect(begun).to.have.lengthOf(1);
    begun[0]?.resolve(1);
    await nextTurn();
    begun[1]?.resolve(2);
    expect(await next).to.equal(2);
  });

  it('is idle when what is under way has ended', async () => {
    const mutex = new Mutex();
    const { begun, begin } = new Works();
    await mutex.idle();
    const running = mutex.run(signal, begin);
    let isIdle = false;
    const idle = mutex.idle().then(() => (isIdle = true));
    await nextTurn();
    expect(isIdle).to.equal(false);
    begun[0]?.resolve(1);
    await Promise.all([running, idle]);
  });
});
