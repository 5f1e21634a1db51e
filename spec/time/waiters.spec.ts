import { expect } from 'chai';
import { Waiters } from '../../src/time/waiters.js';

describe('Waiters', () => {
  it('lets those go whose records are settled, each once', async () => {
    const waiters = new Waiters();
    const gone: number[] = [];
    const waiting = [1, 2, 3].map((upTo) => waiters.wait(upTo).then(() => gone.push(upTo)));
    waiters.release(0);
    waiters.release(2);
    await Promise.all(waiting.slice(0, 2));
    expect(gone).to.deep.equal([1, 2]);
    waiters.release(Infinity);
    await Promise.all(waiting);
    expect(gone).to.deep.equal([1, 2, 3]);
  });
});
