import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import type { ErrorSummary } from '../../../src/pipeline/telling/accounting.js';
import { summarizeError } from '../../../src/pipeline/telling/report-log.js';
import { oddValues } from '../../support/odd-values.js';
import { laneTo } from '../../support/pipelines.js';
import { makeRecord } from '../../support/records.js';

/** An error with further properties. */
const errorWith = (properties: object): Error => Object.assign(new Error('no'), properties);

describe('The last error in stats()', () => {
  for (const [what, error, summary] of [
    [
      'an error of this library, without its cause',
      new TrackUsageError('STORAGE_UNAVAILABLE', 'later', new Error('secret')),
      { name: 'TrackUsageError', message: 'later', code: 'STORAGE_UNAVAILABLE' },
    ],
    [
      "a driver's, without its other properties",
      errorWith({ code: 11_000, keyValue: { username: 'ada' } }),
      { name: 'Error', message: 'no', code: '11000' },
    ],
    ['one whose code is no code', errorWith({ code: {} }), { name: 'Error', message: 'no', code: null }],
    [
      'one of several lines, and long',
      new RangeError(`a\nb\u001b[31m${'x'.repeat(1000)}`),
      { name: 'RangeError', message: `a b\\x1b[31m${'x'.repeat(489)}`, code: null },
    ],
    [
      'one that throws when it is looked at',
      Object.defineProperty(new Error('no'), 'message', {
        get() {
          throw new Error('hidden');
        },
      }),
      { name: 'Error', message: 'an error that cannot be shown', code: null },
    ],
  ] as [string, Error, ErrorSummary][]) {
    it(`is frozen data of ${what}`, () => {
      expect(summarizeError(error)).to.deep.equal(summary);
      expect(Object.isFrozen(summarizeError(error))).to.equal(true);
    });
  }

  it('can be made of anything', () => {
    for (const value of oddValues()) expect(JSON.stringify(summarizeError(value as Error))).to.be.a('string');
  });

  it('says in JSON what failed, for each storage and in all', async () => {
    const error = new TrackUsageError('STORAGE_UNAVAILABLE', 'the database is away');
    let isAway = true;
    const { pipeline, clock } = laneTo({
      name: 'away',
      store: async (batch) => {
        if (isAway) throw error;
        return { stored: batch.length, refused: [] };
      },
    });
    pipeline.accept(makeRecord());
    await pipeline.flush();
    const { lastError, storages } = JSON.parse(JSON.stringify(pipeline.stats())) as {
      lastError: unknown;
      storages: { lastError: unknown }[];
    };
    const summary = {
      name: 'TrackUsageError',
      message: 'the database is away',
      code: 'STORAGE_UNAVAILABLE',
    };
    expect([lastError, storages[0]?.lastError]).to.deep.equal([summary, summary]);
    isAway = false;
    await clock.advance(1000);
    await pipeline.close(0);
  });
});
