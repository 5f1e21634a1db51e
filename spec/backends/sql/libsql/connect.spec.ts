import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { expect } from 'chai';
import { TrackUsageError } from '../../../../src/errors.js';
import { SqlStorage, type SqlStorageOptions } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { type TemporaryFolder, connectSqlite, openNative, temporaryFolder } from '../../../support/sqlite.js';

const CHILD = fileURLToPath(new URL('../../../support/children/store-in-sqlite.js', import.meta.url));

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

const connect = (options: Partial<SqlStorageOptions>): Promise<SqlStorage> =>
  SqlStorage.connect({ driver: LibSqlDriver, ...options });

describe('SqlStorage.connect with libSQL', () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.file('usage.db');
  });

  afterEach(() => folder.remove());

  it('makes the table and its index in a file with a write-ahead log', async () => {
    const storage = await connect({ dbName: file });
    await storage.close();
    const native = await openNative(file, LibSqlDriver);
    const names = native.database
      .prepare("select name from sqlite_master where name not like 'sqlite_%' order by name")
      .all();
    const mode = native.database.prepare('pragma journal_mode').all();
    await native.close();
    expect(names).to.deep.equal([{ name: 'koa_usage' }, { name: 'koa_usage_date_id_index' }]);
    expect(mode).to.deep.include({ journal_mode: 'wal' });
  });

  it('lets several processes make the table at once, and write to it', async () => {
    const children = Array.from({ length: 3 }, () =>
      promisify(execFile)(process.execPath, [CHILD, file, '250', 'libsql']),
    );
    const storage = await connectSqlite(file, undefined, LibSqlDriver);
    await Promise.all(children);
    const records = await storage.reader.getUsage({ limit: 10_000 });
    await storage.close();
    expect(records).to.have.lengthOf(750);
  });

  it('refuses a table with other columns', async () => {
    const native = await openNative(file, LibSqlDriver);
    native.database.exec('create table koa_usage (id text primary key)');
    await native.close();
    const error = await caught(connect({ dbName: file }));
    expect(error).to.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.include('it lacks the columns date, duration_ms');
  });

  it('says which file cannot be opened, and what to check', async () => {
    const dbName = folder.file('no/such/folder/usage.db');
    const error = await caught(connect({ dbName }));
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CONNECT' });
    expect(error.message)
      .to.include(`the libSQL file '${dbName}'`)
      .and.include('Check that its folder exists');
  });

  for (const [title, options] of [
    ['as clientUrl', { clientUrl: `${NOWHERE}/?authToken=secret`, password: 'secret' }],
    ['as dbName', { dbName: `${NOWHERE}/?authToken=secret`, password: 'secret' }],
  ] as const) {
    it(`says which server does not answer, and keeps its token to itself: ${title}`, async () => {
      const error = await caught(connect(options));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CONNECT' });
      expect(error.message).to.include(`the libSQL server '${NOWHERE}'`).and.include('Check the URL');
      expect(error.message).to.not.include('secret');
    });
  }

  for (const [option, options] of [
    ['clientUrl', { clientUrl: 'postgres://127.0.0.1/usage' }],
    ['clientUrl', { clientUrl: 5 as never }],
    ['password', { dbName: ':memory:', password: 'secret' }],
    ['host', { dbName: ':memory:', host: '127.0.0.1' }],
    ['dbName', {}],
  ] as const) {
    it(`refuses ${option} in ${JSON.stringify(options)}`, async () => {
      const error = await caught(connect(options));
      expect(error).to.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.include(`the option '${option}'`);
    });
  }
});
