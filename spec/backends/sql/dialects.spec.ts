import type { Options } from '@mikro-orm/core';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { MongoDriver } from '@mikro-orm/mongodb';
import { Kysely, NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { caught } from '../../support/caught.js';
import { makeRecord } from '../../support/records.js';
import { applicationOrm } from '../../support/sqlite.js';

const { signal } = new AbortController();

/** What a bundler leaves of a driver's name. */
class t extends LibSqlDriver {}

const dialect = (): NodeSqliteDialect => new NodeSqliteDialect(':memory:');

const CASES: readonly (readonly [title: string, name: string, options: Partial<Options>])[] = [
  ['better-sqlite3', 'sqlite', { driver: SqliteDriver }],
  ['libsql', 'libsql', { driver: LibSqlDriver }],
  ['libsql under another name', 'libsql', { driver: t }],
  ["MikroORM's dialect for node:sqlite", 'sql', { driver: AnySqliteDriver, driverOptions: dialect() }],
  ['a function that makes a dialect', 'sql', { driver: AnySqliteDriver, driverOptions: dialect }],
  [
    'a Kysely of the application',
    'sql',
    { driver: SqliteDriver, driverOptions: new Kysely({ dialect: dialect() }) },
  ],
];

describe('The dialect of an SqlStorage', () => {
  for (const [title, name, options] of CASES) {
    it(`is '${name}' for ${title}`, async () => {
      const orm = await applicationOrm(options);
      const storage = new SqlStorage(orm);
      const record = makeRecord();
      await storage.store([record], signal);
      expect(storage.name).to.equal(name);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await orm.close(true);
    });
  }

  it('is none for a database without SQL', async () => {
    const error = await caught(SqlStorage.connect({ driver: MongoDriver, dbName: 'usage' }));
    expect(error).to.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.include('the driver MongoDriver');
  });
});
