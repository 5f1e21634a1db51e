import { expect } from 'chai';
import { attemptToStore } from '../../../src/pipeline/lane/attempt.js';
import type { StoreResult } from '../../../src/storage/usage-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { FaultyStorage } from '../../support/faulty-storage.js';
import { makeRecord } from '../../support/records.js';

const batch = [makeRecord(), makeRecord(), makeRecord()] as const;

const attempt = (storage: FaultyStorage, clock = new ManualClock()) =>
  attemptToStore(storage, batch, new AbortController(), clock, 1000);

/** The error of an attempt that a storage answers with `result`. */
async function errorOf(result: unknown): Promise<Error | null> {
  const storage = new FaultyStorage();
  storage.store = () => Promise.resolve(result as StoreResult);
  return attempt(storage).then(
    () => null,
    (error: Error) => error,
  );
}

describe('An attempt', () => {
  it('says which records were stored and which were refused', async () => {
    const storage = new FaultyStorage();
    storage.mood = 'refuse-first';
    const clock = new ManualClock();
    const { stored, refused } = await attempt(storage, clock);
    expect(stored).to.equal(2);
    expect(refused.map(({ record }) => record)).to.deep.equal([batch[0]]);
    expect(clock.pendingTimers).to.equal(0);
  });

  const refusal = { id: batch[1].id, error: new Error('x') };
  for (const [what, answer] of [
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['too few stored', { stored: 2, refused: [] }],
    ['too many stored', { stored: 4, refused: [] }],
    ['a refusal that is also counted as stored', { stored: 3, refused: [refusal] }],
    [
      'a refusal of a record that was not in the batch',
      { stored: 2, refused: [{ id: 'x', error: refusal.error }] },
    ],
    ['no list of refusals', { stored: 3 }],
  ] as const) {
    it(`does not believe an answer of ${what}`, async () => {
      expect(await errorOf(answer)).to.be.instanceOf(Error);
    });
  }

  it('names the storage contract in its error', async () => {
    const error = await errorOf({ stored: 2, refused: [] });
    expect(error).to.have.property('code', 'STORAGE_CONTRACT');
    expect(error?.message).to.contain('a batch of 3');
  });

  it('counts what it has checked, though an answer says more each time that it is asked', async () => {
    let stored = 2;
    const storage = new FaultyStorage();
    storage.store = () =>
      Promise.resolve({
        get stored() {
          return (stored += 1);
        },
        refused: [],
      });
    const result = await attempt(storage);
    expect(result).to.deep.equal({ stored: 3, refused: [] });
  });

  for (const [stored, refused, shown] of [
    [5, [], '{ stored: 5, refused: [] }'],
    [3, [refusal], '{ stored: 3, refused: [1 record] }'],
    [3, [refusal, { ...refusal, id: 'x' }], '{ stored: 3, refused: [2 records] }'],
    [3, undefined, '{ stored: 3, refused: no list }'],
  ] as const) {
    it(`shows the answer ${shown}`, async () => {
      expect((await errorOf({ stored, refused }))?.message).to.contain(`answered ${shown} to a batch of 3`);
    });
  }

  it('accepts the same refusal named once', async () => {
    expect(await errorOf({ stored: 2, refused: [refusal] })).to.equal(null);
  });
});
