import { expect } from 'chai';
import { isSetup } from '../../../../src/backends/base/database-error.js';
import { conditionOf } from '../../../../src/backends/sql/libsql/errors.js';

/** As libsql 0.5 words what a server answers; such errors have no code. */
const CASES: readonly (readonly [message: string, meaning: string])[] = [
  [
    'Hrana(StreamError(Error { message: "SQLite error: UNIQUE constraint failed: koa_usage.username", code: "SQLITE_CONSTRAINT_UNIQUE" }))',
    'refused',
  ],
  [
    'Hrana(StreamError(Error { message: "SQLite error: NOT NULL constraint failed: koa_usage.tenant", code: "SQLITE_CONSTRAINT_NOTNULL" }))',
    'setup',
  ],
  [
    'Hrana(StreamError(Error { message: "SQLite error: no such table: koa_usage", code: "SQLITE_UNKNOWN" }))',
    'setup',
  ],
  ['Hrana(Api("status=401 Unauthorized, body={\\"error\\": \\"bad token\\"}"))', 'setup'],
  ['Hrana(Api("status=503 Service Unavailable, body="))', 'unavailable'],
  [
    'Hrana(Http("error trying to connect: tcp connect error: Connection refused (os error 111)"))',
    'unavailable',
  ],
  [
    'Hrana(StreamError(Error { message: "SQLite error: database is locked", code: "SQLITE_BUSY" }))',
    'unavailable',
  ],
];

describe('What a libSQL server says', () => {
  for (const [message, meaning] of CASES) {
    it(`means ${meaning}: ${message}`, () => {
      const error = Object.assign(new Error(message), { code: '' });
      const condition = conditionOf(error);
      expect(isSetup(condition) ? 'setup' : condition).to.equal(meaning);
    });
  }
});
