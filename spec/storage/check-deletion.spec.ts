import { expect } from 'chai';
import { checkDeletion } from '../../src/storage/usage-query.js';
import { refusalOf } from '../support/refusal.js';

function unreadable(): never {
  throw new RangeError('not to be read');
}

const NOON = new Date('2026-03-01T12:00:00Z');

describe('What deleteBefore is asked to do', () => {
  for (const limit of [0, 1, 1_000_000, Infinity]) {
    it(`may have the limit ${limit}`, () => {
      checkDeletion(NOON, limit);
    });
  }

  for (const [date, limit, says] of [
    [new Date(NaN), 1, "'date' is Invalid Date; expected a valid Date."],
    ['2026-03-01', 1, "'date' is '2026-03-01'; expected a valid Date."],
    [new Proxy(NOON, { getPrototypeOf: unreadable }), 1, "'date' is "],
    [NOON, -1, "'limit' is -1; expected an integer that is not negative, or Infinity."],
    [NOON, NaN, "'limit' is NaN; expected "],
    [NOON, 1.5, "'limit' is 1.5; expected "],
    [NOON, '5', "'limit' is '5'; expected "],
  ] as const) {
    it(`is refused where ${says.split(';')[0]}`, () => {
      const error = refusalOf(() => checkDeletion(date as Date, limit as number));
      expect(error.code).to.equal('INVALID_QUERY');
      expect(error.message).to.include(`deleteBefore: ${says}`);
    });
  }
});
