import { expect } from 'chai';
import { SaltOfDay } from '../../../../src/capture/client/visitor/salt-of-day.js';

const SALT = 'ab'.repeat(32);

describe('SaltOfDay', () => {
  it('is waited for until three claims have failed, and is taken also later', async () => {
    const salt = new SaltOfDay();
    const first = salt.get();
    for (; salt.failures < 3; salt.failures += 1) expect(salt.get()).to.be.instanceOf(Promise);
    expect(salt.get()).to.equal(null);
    salt.set(SALT);
    expect(salt.get()).to.deep.equal(Buffer.from(SALT, 'hex'));
    expect(await first).to.deep.equal(Buffer.from(SALT, 'hex'));
  });

  it('leaves nobody waiting when it is wiped, and no bytes', async () => {
    const [waited, known] = [new SaltOfDay(), new SaltOfDay()];
    const waiting = waited.get();
    waited.wipe();
    expect(await waiting).to.equal(null);
    known.set(SALT);
    const bytes = known.get();
    known.wipe();
    known.set(SALT);
    expect(bytes).to.deep.equal(Buffer.alloc(32));
    expect([known.get(), known.isWiped]).to.deep.equal([null, true]);
  });
});
