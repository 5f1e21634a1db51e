import { expect } from 'chai';
import { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { TrackUsageError } from '../../../src/errors.js';
import {
  isDuplicateId,
  readingError,
  storageError,
  writeErrorsOf,
} from '../../../src/backends/mongo/errors.js';

const serverError = (code: number): MongoServerError => new MongoServerError({ message: 'it said so', code });

/** What the driver throws when some documents were not written. */
const bulkError = (codes: readonly number[], concern?: object): MongoBulkWriteError => {
  const writeErrors = codes.map((code, index) => ({ index, code, errmsg: `error ${code}` }));
  const result = { getWriteConcernError: () => concern };
  return new MongoBulkWriteError(
    { message: 'it said so', code: codes[0], writeErrors } as never,
    result as never,
  );
};

describe('Errors of MongoDB', () => {
  const KINDS = {
    STORAGE_SETUP: [13, 18, 73, 8000],
    BATCH_REFUSED: [10_334],
    STORAGE_UNAVAILABLE: [6, 11_600, 10_107, 189, 91, 112, 64, 123_456],
    STORAGE_TIMEOUT: [50, 262],
  };
  for (const [kind, codes] of Object.entries(KINDS)) {
    for (const code of codes) {
      it(`of code ${code} are ${kind}`, () => {
        const error = storageError(serverError(code), 'koa_usage');
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: kind });
        expect(error.message).to.include("'koa_usage'").and.include('it said so');
      });
    }
  }

  it('ask readers for the right to read alone, and refuse nothing for good', () => {
    const error = readingError(serverError(13), 'koa_usage');
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.match(
      /^The collection 'koa_usage' cannot be read: .*has the role 'read' on the database\.$/,
    );
    for (const [code, kind] of [
      [10_334, 'STORAGE_UNAVAILABLE'],
      [50, 'STORAGE_TIMEOUT'],
    ] as const)
      expect(readingError(serverError(code), 'koa_usage')).to.include({ code: kind });
  });

  for (const code of [13, 18]) {
    it(`of code ${code} say what to check`, () => {
      expect(storageError(serverError(code), 'koa_usage').message).to.match(
        /that user and password are right, and that the user has the role 'readWrite' on the database\.$/,
      );
    });
  }

  it('about documents are refusals of these documents', () => {
    expect(writeErrorsOf(bulkError([121, 11_000, 2]))?.map(({ index }) => index)).to.deep.equal([0, 1, 2]);
  });

  for (const code of [91, 189, 10_107, 11_600, 14_031]) {
    it(`about documents that may be taken later are none, such as ${code}`, () => {
      const error = bulkError([121, code]);
      expect(writeErrorsOf(error)).to.equal(null);
      expect(storageError(error, 'koa_usage')).to.include({ code: 'STORAGE_UNAVAILABLE' });
    });
  }

  it('about documents and their replication are no refusals: nobody knows what will last', () => {
    expect(writeErrorsOf(bulkError([11_000], { code: 64 }))).to.equal(null);
  });

  it('about a document that the driver cannot send refuse the batch', () => {
    for (const error of [
      new RangeError('out of range'),
      new Error('Document is larger than the maximum size 1'),
    ]) {
      expect(storageError(error, 'koa_usage')).to.include({ code: 'BATCH_REFUSED' });
    }
  });

  it('about duplicates are about the id where MongoDB says so, and not where a stranger does', () => {
    const says = (errmsg: string): boolean =>
      isDuplicateId({ index: 0, code: 11_000, errmsg }, 'db.koa_usage');
    const prefix = 'E11000 duplicate key error collection: db.koa_usage index: ';
    expect(says(`${prefix}_id_ dup key: { _id: "x" }`)).to.equal(true);
    expect(says(`${prefix}username_1 dup key: { username: " index: _id_ dup key: " }`)).to.equal(false);
    expect(says('E11000 duplicate key error collection: db.koa_usage')).to.equal(false);
  });
});
