import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { storageClosed } from '../../../src/backends/base/operations.js';
import { SaltsInTurn } from '../../../src/backends/mikro-orm/salts-in-turn.js';
import { caught } from '../../support/caught.js';

const { signal } = new AbortController();
const SALT = 'ab'.repeat(32);

describe('SaltsInTurn', () => {
  it('has one statement under way, also when nobody waits for it any more', async () => {
    const begun: PromiseWithResolvers<string>[] = [];
    const salts = new SaltsInTurn({
      claim: () => {
        const work = Promise.withResolvers<string>();
        begun.push(work);
        return work.promise;
      },
      deleteBefore: () => Promise.resolve(0),
    });
    const impatient = new AbortController();
    const first = caught(salts.claim('2026-03-01', SALT, impatient.signal));
    impatient.abort(new Error('too long'));
    expect((await first).message).to.equal('too long');
    const second = salts.claim('2026-03-01', SALT, signal);
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).to.have.lengthOf(1);
    begun[0]?.resolve(SALT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).to.have.lengthOf(2);
    begun[1]?.resolve(SALT);
    expect(await second).to.equal(SALT);
  });

  it('keeps the salt out of what a driver throws, and keeps the code', async () => {
    const thrown: unknown[] = [
      new TrackUsageError('STORAGE_SETUP', `cannot keep ${SALT}`, new Error(SALT)),
      Object.assign(new Error(`insert '${SALT}'`), { sql: SALT }),
      SALT,
    ];
    const errors: Error[] = [];
    for (const error of thrown) {
      const salts = new SaltsInTurn({
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        claim: () => Promise.reject(error),
        deleteBefore: () => Promise.resolve(0),
      });
      errors.push(await caught(salts.claim('2026-03-01', SALT, signal)));
    }
    expect(errors[0]).to.include({ code: 'STORAGE_SETUP', message: 'cannot keep …' });
    for (const error of errors) {
      expect(error).to.not.have.any.keys('cause', 'sql');
      expect(`${error.message} ${error.stack}`).to.not.include(SALT);
    }
  });

  it('ends what is under way when it is closed', async () => {
    const salts = new SaltsInTurn({
      claim: () => new Promise(() => {}),
      deleteBefore: () => Promise.resolve(0),
    });
    const claim = caught(salts.claim('2026-03-01', SALT, signal));
    salts.close(storageClosed('shop'));
    for (const error of [await claim, await caught(salts.deleteBefore('2026-03-01', signal))]) {
      expect(error).to.include({
        code: 'STORAGE_CLOSED',
        message: "The storage 'shop' was used after close().",
      });
    }
  });
});
