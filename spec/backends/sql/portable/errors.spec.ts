import {
  NotNullConstraintViolationException,
  RowLevelSecurityViolationException,
  UniqueConstraintViolationException,
} from '@mikro-orm/core';
import { expect } from 'chai';
import type { Condition } from '../../../../src/backends/base/database-error.js';
import { ADVICE } from '../../../../src/backends/sql/errors.js';
import { conditionOf } from '../../../../src/backends/sql/portable/errors.js';

/** As the clients of engines that no spec can start mark their errors. */
const CASES: readonly (readonly [what: string, marks: object, condition: Condition])[] = [
  ['no value for a column, on SQL Server', { code: 'EREQUEST', number: 515 }, ADVICE.demand],
  ['no value for a column, on Oracle', { code: 'ORA-01400', errorNum: 1400 }, ADVICE.demand],
  ['no value for a column, by SQLSTATE', { code: '23502' }, ADVICE.demand],
  ['no partition, on Oracle', { errorNum: 14_400 }, ADVICE.partition],
  ['a check, on SQL Server', { number: 547 }, 'refused'],
  ['a check, on Oracle', { errorNum: 2290 }, 'refused'],
  ['a check, by node:sqlite', { code: 'ERR_SQLITE_ERROR', errcode: 275 }, 'refused'],
  ['no table, on SQL Server', { number: 208 }, ADVICE.table],
  ['no table, on Oracle', { errorNum: 942 }, ADVICE.table],
  ['no right, on SQL Server', { number: 229 }, ADVICE.right],
  ['a wrong password, on Oracle', { errorNum: 1017 }, ADVICE.login],
  ['no such database, on SQL Server', { number: 4060 }, ADVICE.database],
  ['a deadlock, on SQL Server', { number: 1205 }, 'unavailable'],
  ['a socket', { code: 'EPIPE' }, 'unavailable'],
];

describe('What other SQL engines say', () => {
  for (const [what, marks, condition] of CASES) {
    it(`is known by its code: ${what}`, () => {
      expect(conditionOf(Object.assign(new Error(what), marks))).to.equal(condition);
    });
  }

  it("is known by MikroORM's class for it", () => {
    const cause = new Error('as the driver says');
    expect(conditionOf(new NotNullConstraintViolationException(cause))).to.equal(ADVICE.demand);
    expect(conditionOf(new UniqueConstraintViolationException(cause))).to.equal('refused');
    expect(conditionOf(new RowLevelSecurityViolationException(cause)))
      .to.have.property('advice')
      .that.includes('policy');
  });

  it('may pass where nobody knows what was thrown', () => {
    for (const thrown of [null, undefined, 'text', new Error('?')])
      expect(conditionOf(thrown)).to.equal('unavailable');
  });
});
