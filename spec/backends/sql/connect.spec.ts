import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { caught } from '../../support/caught.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { type TemporaryFolder, connectSqlite, openNative, temporaryFolder } from '../../support/sqlite.js';

const CHILD = fileURLToPath(new URL('../../support/children/store-in-sqlite.js', import.meta.url));
const { signal } = new AbortController();

describe('SqlStorage.connect', () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.file('usage.db');
  });

  afterEach(() => folder.remove());

  it('makes the table and an index on date and id', async () => {
    const storage = await connectSqlite(file);
    await storage.close();
    const native = await openNative(file);
    const names = native.database
      .prepare("select type, name from sqlite_master where name not like 'sqlite_%' order by type")
      .all();
    const columns = native.database
      .prepare('select name from pragma_index_info(?)')
      .all(['koa_usage_date_id_index']);
    await native.close();
    expect(names).to.deep.equal([
      { type: 'index', name: 'koa_usage_date_id_index' },
      { type: 'table', name: 'koa_usage' },
    ]);
    expect(columns).to.deep.equal([{ name: 'date' }, { name: 'id' }]);
  });

  it('takes nothing from the variables that configure the application’s MikroORM', async () => {
    const variables = {
      CLIENT_URL: 'postgresql://nobody@127.0.0.1:1/none',
      SCHEMA: 'foo',
      USER: 'foo',
      DEBUG: 'true',
    };
    for (const [name, value] of Object.entries(variables)) process.env[`MIKRO_ORM_${name}`] = value;
    try {
      const storage = await connectSqlite(file);
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.getUsage()).to.have.lengthOf(1);
      await storage.close();
    } finally {
      for (const name of Object.keys(variables)) delete process.env[`MIKRO_ORM_${name}`];
    }
  });

  it('leaves the file readable while it writes: it has a write-ahead log', async () => {
    const storage = await connectSqlite(file);
    const native = await openNative(file);
    const mode = native.database.prepare('pragma journal_mode').all();
    await native.close();
    await storage.close();
    expect(mode).to.deep.equal([{ journal_mode: 'wal' }]);
  });

  it('lets several processes make the table at once, and write to it', async () => {
    const children = Array.from({ length: 3 }, () =>
      promisify(execFile)(process.execPath, [CHILD, file, '250']),
    );
    const storage = await connectSqlite(file);
    await Promise.all(children);
    const records = await storage.reader.getUsage({ limit: 10_000 });
    await storage.close();
    expect(records).to.have.lengthOf(750);
  });

  it('waits, turn by turn, until another connection gives the lock back', async () => {
    const native = await openNative(file);
    native.database.exec('create table other (id integer)');
    native.database.exec('begin exclusive');
    // Longer than mocha lets a spec take: one that held the event loop for the lock would fail.
    const driverOptions = { timeout: 12_000 };
    const connecting = SqlStorage.connect({ driver: SqliteDriver, dbName: file, driverOptions });
    await Promise.race([connecting, nextTurn()]);
    native.database.exec('commit');
    const storage = await connecting;
    expect(await storage.reader.getUsage()).to.deep.equal([]);
    await storage.close();
    await native.close();
  });

  for (const tableName of ['my usage', 'Größe 表', 'select', 'koa-usage', '%s $1 :a', '\\']) {
    it(`keeps records in a table called ${tableName}`, async () => {
      const record = makeRecord();
      const first = await connectSqlite(file, tableName);
      await first.store([record], signal);
      await first.close();
      const second = await connectSqlite(file, tableName);
      const found = await second.reader.getUsage();
      await second.close();
      const native = await openNative(file);
      const tables = native.database
        .prepare(
          "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
        )
        .all();
      await native.close();
      expect(found).to.deep.equal([record]);
      expect(tables).to.deep.equal([{ name: tableName }, { name: `${tableName}_summary` }]);
    });
  }

  it('hands out a repository that refuses after close, instead of opening the file again', async () => {
    const storage = await connectSqlite(file);
    const repository = storage.reader;
    await storage.store(makeRecords(3), signal);
    const stream = repository.streamUsage({ batchSize: 2 });
    await stream.next();
    await stream.next();
    await storage.close();
    const uses = [
      () => repository.getUsage(),
      () => repository.getUsagePage(),
      () => repository.countUsage(),
      () => stream.next(),
      async () => repository.nativeDelete({}),
    ];
    for (const use of uses) {
      const error = await caught(use());
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
      expect(error.message).to.equal("The storage 'sqlite' was used after close().");
    }
  });

  it('keeps two tables of one file apart', async () => {
    const record = makeRecord();
    const [first, second] = [await connectSqlite(file, 'first'), await connectSqlite(file, 'second')];
    await first.store([record], signal);
    expect(await first.reader.getUsage()).to.deep.equal([record]);
    expect(await second.reader.getUsage()).to.deep.equal([]);
    await Promise.all([first.close(), second.close()]);
  });

  describe('where the database cannot be opened', () => {
    const cases: [title: string, path: () => Promise<string>][] = [
      ['a folder is missing', async () => folder.file('no/such/folder/usage.db')],
      ['it is a folder', async () => folder.path],
      [
        'it is a text file',
        async () => {
          await writeFile(file, 'Dear database,\n'.repeat(100));
          return file;
        },
      ],
    ];
    for (const [title, path] of cases) {
      it(`rejects with the file's name and what to check when ${title}`, async () => {
        const dbName = await path();
        const error = await caught(connectSqlite(dbName));
        const code = title === 'it is a text file' ? 'STORAGE_SETUP' : 'STORAGE_CONNECT';
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code });
        expect(error.message)
          .to.include(`'${dbName}'`)
          .and.match(/Check that its folder exists, that this process may write there/);
        expect(error.cause).to.be.an.instanceOf(Error);
      });
    }
  });

  describe('refuses as an option', () => {
    const cases: [option: string, value: unknown, shown: string, expected: RegExp][] = [
      ['driver', undefined, 'undefined', /a MikroORM driver, such as SqliteDriver of '@mikro-orm\/sqlite'/],
      ['driver', 'sqlite', "'sqlite'", /a MikroORM driver/],
      ['driver', Date, '[Function: Date]', /a MikroORM driver/],
      ['driver', () => {}, '[Function (anonymous)]', /a MikroORM driver/],
      ['driver', null, 'null', /a MikroORM driver/],
      ['dbName', undefined, 'undefined', /a file's name, such as 'usage.db'/],
      ['dbName', '', "''", /text that is not empty/],
      ['dbName', 5, '5', /text that is not empty/],
      ['dbName', null, 'null', /text that is not empty/],
      ['tableName', '', "''", /text that is not empty/],
      ['tableName', ['a'], "[ 'a' ]", /text that is not empty/],
      ['tableName', 'main.usage', "'main.usage'", /without a dot/],
      ['tableName', 'usage?', "'usage?'", /without a dot, a question mark or a quotation mark/],
      ['tableName', "it's", '"it\'s"', /without a dot, a question mark or a quotation mark/],
      ['tableName', 'we"ird', `'we"ird'`, /without a dot/],
      ['tableName', '`ticks`', "'`ticks`'", /without a dot/],
    ];
    for (const [option, value, shown, expected] of cases) {
      it(`${option}: ${shown}`, async () => {
        const options = { driver: SqliteDriver, dbName: ':memory:', [option]: value };
        const error = await caught(SqlStorage.connect(options));
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
        expect(error.message)
          .to.include(`SqlStorage.connect: the option '${option}' is ${shown};`)
          .and.match(expected);
      });
    }

    it('names that do not exist', async () => {
      const options = { driver: SqliteDriver, dbName: ':memory:', tablename: 'x' };
      const error = await caught(SqlStorage.connect(options));
      expect(error).to.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.include("there is no option 'tablename'").and.include("'tableName'");
    });

    for (const options of [undefined, null, 'usage.db', []]) {
      it(`${JSON.stringify(options)} instead of an object`, async () => {
        const error = await caught(SqlStorage.connect(options as never));
        expect(error).to.include({ code: 'INVALID_OPTION' });
        expect(error.message).to.match(/expected an object/);
      });
    }
  });

  it('is what the constructor points to when it is not given a MikroORM', () => {
    for (const wrong of [undefined, {}, { driver: SqliteDriver, dbName: ':memory:' }]) {
      expect(() => new SqlStorage(wrong as never)).to.throw(
        /expected the application's MikroORM.*SqlStorage\.connect/s,
      );
    }
  });

  it('gives the storage a name of its own', async () => {
    const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: ':memory:', name: 'archive' });
    expect(storage.name).to.equal('archive');
    await storage.close();
  });
});
