import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Operations } from '../../../src/backends/base/operations.js';
import { caught } from '../../support/caught.js';

describe('backends/base/operations', () => {
  function untilAborted(signal: AbortSignal): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return promise;
  }

  it('gives what the operation gives, and leaves nothing on the signal', async () => {
    const abort = new AbortController();
    const operations = new Operations();
    expect(await operations.run(abort.signal, async () => 7)).to.equal(7);
    await caught(operations.run(abort.signal, () => Promise.reject(new Error('no'))));
    expect(getEventListeners(abort.signal, 'abort')).to.deep.equal([]);
  });

  it('ends an operation when its signal is aborted, and no other', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const operations = new Operations();
    const first = caught(operations.run(one.signal, untilAborted));
    const second = caught(operations.run(other.signal, untilAborted));
    one.abort(new Error('too slow'));
    expect((await first).message).to.equal('too slow');
    other.abort(new Error('slower'));
    expect((await second).message).to.equal('slower');
  });

  it('begins an operation whose signal is aborted already with a signal that says so', async () => {
    const error = await caught(new Operations().run(AbortSignal.abort(new Error('before')), untilAborted));
    expect(error.message).to.equal('before');
  });

  it('ends every operation when its owner closes, and those that are begun later', async () => {
    const operations = new Operations();
    const { signal } = new AbortController();
    const running = [
      caught(operations.run(signal, untilAborted)),
      caught(operations.run(signal, untilAborted)),
    ];
    operations.close(new Error('closed'));
    operations.close(new Error('closed twice'));
    running.push(caught(operations.run(signal, untilAborted)));
    for (const { message } of await Promise.all(running)) expect(message).to.equal('closed');
  });

  it('waits for the end of what is under way, however it ends', async () => {
    const operations = new Operations();
    const { signal } = new AbortController();
    const [good, bad] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const both = [
      operations.run(signal, () => good.promise),
      caught(operations.run(signal, () => bad.promise)),
    ];
    let isIdle = false;
    const idle = operations.idle().then(() => (isIdle = true));
    good.resolve();
    await both[0];
    expect(isIdle).to.equal(false);
    bad.reject(new Error('no'));
    await idle;
    await both[1];
  });
});
