import { expect } from 'chai';
import { withCode } from '../../../../src/backends/sql/libsql/errors.js';
import { isRefusal, storageError } from '../../../../src/backends/sql/sqlite/errors.js';

/** As libsql 0.5 words what a server answers; such errors have no code. */
const CASES: readonly (readonly [message: string, code: string])[] = [
  [
    'Hrana(StreamError(Error { message: "SQLite error: UNIQUE constraint failed: koa_usage.username", code: "SQLITE_CONSTRAINT_UNIQUE" }))',
    'BATCH_REFUSED',
  ],
  [
    'Hrana(StreamError(Error { message: "SQLite error: no such table: koa_usage", code: "SQLITE_UNKNOWN" }))',
    'STORAGE_SETUP',
  ],
  ['Hrana(Api("status=401 Unauthorized, body={\\"error\\": \\"bad token\\"}"))', 'STORAGE_SETUP'],
  ['Hrana(Api("status=503 Service Unavailable, body="))', 'STORAGE_UNAVAILABLE'],
  [
    'Hrana(Http("error trying to connect: tcp connect error: Connection refused (os error 111)"))',
    'STORAGE_UNAVAILABLE',
  ],
  [
    'Hrana(StreamError(Error { message: "SQLite error: database is locked", code: "SQLITE_BUSY" }))',
    'STORAGE_UNAVAILABLE',
  ],
];

describe('What a libSQL server says', () => {
  for (const [message, code] of CASES) {
    it(`means ${code}: ${message}`, () => {
      const error = withCode(Object.assign(new Error(message), { code: '' }));
      expect(storageError(error, 'koa_usage')).to.include({ code });
      expect(isRefusal(error)).to.equal(code === 'BATCH_REFUSED');
    });
  }
});
