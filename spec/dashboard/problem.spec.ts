import { expect } from 'chai';
import { TooLate } from '../../src/dashboard/in-time.js';
import { NotFound } from '../../src/dashboard/not-found.js';
import { problemOf } from '../../src/dashboard/problem.js';
import { Crowded } from '../../src/dashboard/turnstile.js';
import { TrackUsageError, type TrackUsageErrorCode } from '../../src/errors.js';

/** The status of each kind of error; those that the reader can do nothing about are the application's to know. */
const STATUSES: Readonly<Record<TrackUsageErrorCode, number>> = {
  INVALID_QUERY: 400,
  NO_STORAGE: 503,
  STORAGE_CONNECT: 503,
  STORAGE_UNAVAILABLE: 503,
  STORAGE_TIMEOUT: 503,
  STORAGE_CLOSED: 503,
  STORAGE_SETUP: 503,
  INVALID_OPTION: 500,
  INVALID_DECORATION: 500,
  BATCH_REFUSED: 500,
  STORAGE_CONTRACT: 500,
  RECORD_EXPIRED: 500,
  GEO_SOURCE: 500,
};

describe('What is wrong with a page', () => {
  for (const [code, status] of Object.entries(STATUSES)) {
    it(`is told of ${code} with the status ${status}`, () => {
      const problem = problemOf(new TrackUsageError(code as TrackUsageErrorCode, 'All of it.'));
      expect(problem).to.include({ status, isUnexpected: status === 500 });
      // An error of ours says what to do; others may hold what strangers should not see.
      expect(problem.words.includes('All of it.')).to.equal(status !== 500);
      expect(problem.words[0]).to.match(/^[A-Z].*\.$/);
    });
  }

  for (const [error, status] of [
    [new NotFound('There is no such page.'), 404],
    [new TooLate('It took longer than 30 seconds.'), 504],
    [new Crowded('Too many.'), 503],
  ] as const) {
    it(`is told of ${error.constructor.name} with the status ${status}, in its words`, () => {
      const problem = problemOf(error);
      expect(problem).to.include({ status, isUnexpected: false });
      expect(problem.words).to.include(error.message);
    });
  }

  for (const error of [
    new Error('password=hunter2'),
    Object.assign(new Error('password=hunter2'), { code: 'ECONNREFUSED' }),
    'password=hunter2',
    undefined,
    null,
    { code: 'NO_STORAGE', message: 'hunter2' },
  ]) {
    it(`is the application's to know, of ${JSON.stringify(error)}`, () => {
      const problem = problemOf(error);
      expect(problem).to.include({ status: 500, isUnexpected: true });
      expect(problem.words.join(' ')).to.not.include('hunter2');
    });
  }
});
