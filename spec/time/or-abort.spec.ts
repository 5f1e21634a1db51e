import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { orAbort } from '../../src/time/or-abort.js';

describe('time/or-abort', () => {
  const reason = new Error('given up');
  const never = new Promise<never>(() => {});

  async function failureOf(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => 'no failure',
      (error: unknown) => error,
    );
  }

  it('gives what the work gives', async () => {
    expect(await orAbort(Promise.resolve(7), new AbortController().signal)).to.equal(7);
  });

  it('fails as the work fails', async () => {
    const error = new Error('refused');
    expect(await failureOf(orAbort(Promise.reject(error), new AbortController().signal))).to.equal(error);
  });

  it('fails with the reason when it is aborted while the work goes on', async () => {
    const controller = new AbortController();
    const waiting = failureOf(orAbort(never, controller.signal));
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
  });

  it('fails with the reason of a signal that was aborted before, even if the work is done', async () => {
    expect(await failureOf(orAbort(Promise.resolve(7), AbortSignal.abort(reason)))).to.equal(reason);
  });

  it('leaves no rejection unhandled when the work fails after the abort', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { promise, reject } = Promise.withResolvers<void>();
      expect(await failureOf(orAbort(promise, AbortSignal.abort(reason)))).to.equal(reason);
      reject(new Error('late'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('leaves no listener on the signal, however it ends', async () => {
    const controller = new AbortController();
    await orAbort(Promise.resolve(), controller.signal);
    await failureOf(orAbort(Promise.reject(new Error('refused')), controller.signal));
    expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([]);
    const waiting = failureOf(orAbort(never, controller.signal));
    controller.abort(reason);
    await waiting;
    expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([]);
  });
});
