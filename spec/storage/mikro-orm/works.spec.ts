import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Works } from '../../../src/storage/mikro-orm/works.js';
import { caught } from '../../support/caught.js';

describe('storage/mikro-orm/works', () => {
  function untilAborted(signal: AbortSignal): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return promise;
  }

  it('gives what the work gives, and leaves nothing on the signal', async () => {
    const abort = new AbortController();
    const works = new Works();
    expect(await works.run(abort.signal, async () => 7)).to.equal(7);
    await caught(works.run(abort.signal, () => Promise.reject(new Error('no'))));
    expect(getEventListeners(abort.signal, 'abort')).to.deep.equal([]);
  });

  it('ends a work when its signal is aborted, and no other', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const works = new Works();
    const first = caught(works.run(one.signal, untilAborted));
    const second = caught(works.run(other.signal, untilAborted));
    one.abort(new Error('too slow'));
    expect((await first).message).to.equal('too slow');
    other.abort(new Error('slower'));
    expect((await second).message).to.equal('slower');
  });

  it('begins a work whose signal is aborted already with a signal that says so', async () => {
    const error = await caught(new Works().run(AbortSignal.abort(new Error('before')), untilAborted));
    expect(error.message).to.equal('before');
  });

  it('ends every work when its owner closes, and those that are begun later', async () => {
    const works = new Works();
    const { signal } = new AbortController();
    const running = [caught(works.run(signal, untilAborted)), caught(works.run(signal, untilAborted))];
    works.close(new Error('closed'));
    works.close(new Error('closed twice'));
    running.push(caught(works.run(signal, untilAborted)));
    for (const { message } of await Promise.all(running)) expect(message).to.equal('closed');
  });

  it('waits for the end of what is under way, however it ends', async () => {
    const works = new Works();
    const { signal } = new AbortController();
    const [good, bad] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const both = [works.run(signal, () => good.promise), caught(works.run(signal, () => bad.promise))];
    let isIdle = false;
    const idle = works.idle().then(() => (isIdle = true));
    good.resolve();
    await both[0];
    expect(isIdle).to.equal(false);
    bad.reject(new Error('no'));
    await idle;
    await both[1];
  });
});
