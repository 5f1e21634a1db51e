import { ClickHouseError } from '@clickhouse/client';
import { expect } from 'chai';
import {
  conditionOf,
  exceptionOf,
  explainConnect,
  shortMessageOf,
  throwIfException,
} from '../../../src/backends/clickhouse/errors.js';
import { isSetup } from '../../../src/backends/base/database-error.js';

function error(code: number, type: string): ClickHouseError {
  return new ClickHouseError({ message: 'Something went wrong.', code: String(code), type });
}

describe('errors of ClickHouse', () => {
  const SETUP: readonly (readonly [number, string])[] = [
    [60, 'UNKNOWN_TABLE'],
    [16, 'NO_SUCH_COLUMN_IN_TABLE'],
    [181, 'ILLEGAL_FINAL'],
    [497, 'ACCESS_DENIED'],
    [516, 'AUTHENTICATION_FAILED'],
    [701, 'CLUSTER_DOESNT_EXIST'],
  ];
  for (const [code, type] of SETUP) {
    it(`need a person: ${type}`, () => {
      const condition = conditionOf(error(code, type));
      expect(isSetup(condition)).to.equal(true);
      expect(condition).to.have.property('advice').that.includes('docs/storages.md');
    });
  }

  it('need a person: a profile that is for reading only, has bounds or limits', () => {
    for (const one of [
      error(158, 'TOO_MANY_ROWS'),
      error(164, 'READONLY'),
      error(452, 'SETTING_CONSTRAINT_VIOLATION'),
    ])
      expect(conditionOf(one)).to.have.property('advice').that.includes('readonly = 2');
  });

  it('refuse a record: a constraint', () => {
    expect(conditionOf(error(469, 'VIOLATED_CONSTRAINT'))).to.equal('refused');
    expect(conditionOf(exceptionOf('Code: 469. DB::Exception: Constraint…'))).to.equal('refused');
  });

  it('are told by a row of their own, and by no other row', () => {
    for (const start of ['', 'std::exception. ', 'Poco::Exception. ', 'Unknown exception. '])
      expect(() => throwIfException([`${start}Code: 241. DB::Exception: …`])).to.throw(/Code: 241/);
    for (const row of [['Code: 241. DB::Exception: …', 1], ['ada'], [7], []])
      expect(() => throwIfException(row)).to.not.throw();
  });

  it('may be over with fewer records: time and memory', () => {
    for (const [code, type] of [
      [159, 'TIMEOUT_EXCEEDED'],
      [241, 'MEMORY_LIMIT_EXCEEDED'],
    ] as const)
      expect(conditionOf(error(code, type))).to.equal('too-slow');
    expect(conditionOf(new Error('Timeout error.'))).to.equal('too-slow');
  });

  it('may be over later: all others, those of sockets among them', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    for (const one of [
      error(252, 'TOO_MANY_PARTS'),
      error(243, 'NOT_ENOUGH_SPACE'),
      refused,
      new Error('?'),
      'x',
    ])
      expect(conditionOf(one)).to.equal('unavailable');
  });

  it('are told without the statement, which names every column', () => {
    const told = (message: string): string =>
      shortMessageOf(new ClickHouseError({ message, code: '47', type: 'X' }));
    expect(told("Unknown identifier 'a' in scope SELECT a, b\nFROM t. Maybe you meant: ['b']. ")).to.equal(
      "Unknown identifier 'a'",
    );
    expect(told("Missing columns: 'a' while processing query: 'SELECT a', required columns: 'a'")).to.equal(
      "Missing columns: 'a'",
    );
    expect(told('Database usgae does not exist. Maybe you meant usage?. ')).to.equal(
      'Database usgae does not exist. Maybe you meant usage',
    );
  });

  it('are explained where a server cannot be used', () => {
    expect(explainConnect('usage on h:8123', error(516, 'AUTHENTICATION_FAILED'))).to.match(
      /^the ClickHouse database usage on h:8123 does not let the user in: .*Check username and password, or clientOptions\.access_token\.$/,
    );
    expect(explainConnect('usage on h:8123', new Error('connect ECONNREFUSED'))).to.match(
      /cannot be reached: connect ECONNREFUSED\. .*HTTP interface, usually on port 8123/,
    );
  });
});
