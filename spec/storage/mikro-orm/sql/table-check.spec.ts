import { expect } from 'chai';
import { TrackUsageError } from '../../../../src/errors.js';
import { caught } from '../../../support/caught.js';
import { makeRecord } from '../../../support/records.js';
import { type TemporaryFolder, connectSqlite, openNative, temporaryFolder } from '../../../support/sqlite.js';

describe('SqlStorage.connect on a table that is there', () => {
  let folder: TemporaryFolder;
  let file: string;
  let createTable: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.file('usage.db');
    await (await connectSqlite(file)).close();
    const native = await openNative(file);
    const [row] = native.database.prepare("select sql from sqlite_master where name = 'koa_usage'").all();
    createTable = (row as { sql: string }).sql;
    native.database.exec('drop table koa_usage');
    await native.close();
  });

  afterEach(() => folder.remove());

  const make = async (sql: string): Promise<void> => {
    expect(sql).to.not.equal(createTable);
    const native = await openNative(file);
    native.database.exec(sql);
    await native.close();
  };

  const refusal = async (): Promise<string> => {
    const error = await caught(connectSqlite(file));
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.include("'koa_usage'").and.include('another tableName');
    return error.message;
  };

  it('names the columns that it lacks', async () => {
    await make('create table koa_usage (id text primary key, date integer not null)');
    expect(await refusal()).to.match(/lacks the columns duration_ms, server_name, method, .*weight[;.]/);
  });

  it('names a column that demands a value', async () => {
    await make(createTable.replace('`weight`', '`tenant` text not null, `weight`'));
    expect(await refusal()).to.match(/demands values for tenant,/);
  });

  it('takes further columns that demand nothing', async () => {
    await make(
      createTable.replace('`weight`', "`note` text null, `tenant` text not null default 'a', `weight`"),
    );
    const storage = await connectSqlite(file);
    const record = makeRecord();
    await storage.store([record], new AbortController().signal);
    expect(await storage.getUsage()).to.deep.equal([record]);
    await storage.close();
  });

  it('adds the columns that may be null, as a later version brings them, and keeps the rows', async () => {
    const kept = makeRecord({ visitor: null, trackVar: null });
    await make(createTable.replace(' `visitor` text null,', '').replace(' `track_var` json null,', ''));
    const native = await openNative(file);
    expect(
      native.database.prepare('select name from pragma_table_info(?)').all(['koa_usage']),
    ).to.have.length(29);
    await native.close();
    const storage = await connectSqlite(file);
    const record = makeRecord({ visitor: 'v', trackVar: { a: 1 } });
    await storage.store([kept, record], new AbortController().signal);
    expect(await storage.getUsage()).to.deep.equal([record, kept]);
    await storage.close();
  });

  for (const [title, change, says] of [
    [
      'a column that takes no null',
      [' `weight` double not null', ' `other` text null'],
      /lacks the columns weight/,
    ],
    [
      'a column that demands a value',
      ['`weight`', '`tenant` text not null, `weight`'],
      /demands values for tenant/,
    ],
    [
      'a column that should take null',
      ['`route` text null', '`route` text not null'],
      /route does not take null/,
    ],
  ] as const) {
    it(`says which SQL puts ${title} right, which then does`, async () => {
      await make(createTable.replace(change[0], change[1]));
      const message = await refusal();
      expect(message).to.match(says);
      const native = await openNative(file);
      native.database.exec(message.slice(message.indexOf('run: ') + 5));
      await native.close();
      const storage = await connectSqlite(file);
      const record = makeRecord({ route: null });
      await storage.store([record], new AbortController().signal);
      expect(await storage.getUsage()).to.deep.equal([record]);
      await storage.close();
    });
  }

  it('gives no SQL for a table that has nothing of ours', async () => {
    await make('create table koa_usage (name text primary key)');
    expect(await refusal()).to.not.include('run:');
  });

  it('makes the index if the table lacks it, and no second one if it does not', async () => {
    await make(`${createTable};`);
    for (let start = 0; start < 2; start += 1) await (await connectSqlite(file)).close();
    const native = await openNative(file);
    const indexes = native.database
      .prepare("select name from sqlite_master where type = 'index' and sql is not null")
      .all();
    await native.close();
    expect(indexes).to.deep.equal([{ name: 'koa_usage_date_id_index' }]);
  });

  it('demands that id is the primary key', async () => {
    await make(createTable.replace(' primary key', ''));
    expect(await refusal()).to.include('its primary key is not the column id');
  });

  it('demands that id alone is the primary key', async () => {
    await make(createTable.replace(' primary key', '').replace(/\)$/, ', primary key (`id`, `date`))'));
    expect(await refusal()).to.include('its primary key is not the column id');
  });

  it('leaves a table that it refuses as it is, and the file unlocked', async () => {
    await make('create table koa_usage (id text primary key)');
    await refusal();
    const native = await openNative(file);
    native.database.exec("begin immediate; insert into koa_usage values ('a'); commit");
    expect(native.database.prepare('select * from koa_usage').all()).to.deep.equal([{ id: 'a' }]);
    await native.close();
  });
});
