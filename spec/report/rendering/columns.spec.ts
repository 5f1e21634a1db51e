import { expect } from 'chai';
import { isComparable } from '../../../src/report/rendering/columns.js';

describe('A change since the span before', () => {
  for (const [watchedDays, watchedDaysBefore, isTold] of [
    [30, 30, true],
    [30, 27, true],
    [27, 30, true],
    [30, 26, false],
    [10, 30, false],
    [null, null, true],
  ] as const)
    it(`is ${isTold ? 'told' : 'not told'} of ${watchedDays} watched days and ${watchedDaysBefore} before`, () => {
      expect(isComparable({ watchedDays, watchedDaysBefore })).to.equal(isTold);
    });
});
