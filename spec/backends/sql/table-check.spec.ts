import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { caught } from '../../support/caught.js';
import { makeRecord } from '../../support/records.js';
import {
  SQLITE_CLIENTS,
  type TemporaryFolder,
  connectSqlite,
  openNative,
  temporaryFolder,
} from '../../support/sqlite.js';

const { signal } = new AbortController();

/** What is changed about the statement that makes the table, and what the refusal says of it. */
const REPAIRS: readonly (readonly [title: string, from: string, to: string, says: RegExp])[] = [
  [
    'a column that takes no null',
    ' `weight` double not null',
    ' `other` text null',
    /lacks the columns weight/,
  ],
  [
    'a column that demands a value',
    '`weight`',
    '`tenant` text not null, `weight`',
    /demands values for tenant/,
  ],
  [
    'a column that should take null',
    '`route` text null',
    '`route` text not null',
    /route does not take null/,
  ],
  [
    'text in a column for integers',
    '`username` text null',
    '`username` integer null',
    /username is integer, which does not hold text/,
  ],
  [
    'text in a column for integers that takes no null',
    '`route` text null',
    '`route` integer not null',
    /route does not take null; its column route is integer, which does not hold text/,
  ],
  [
    'text in a column that is numeric by its name',
    '`username` text',
    '`username` string',
    /username is string,/,
  ],
  ['text in a column for real numbers', '`username` text', '`username` float', /username is float,/],
  ['numbers in a column for text', '`weight` double', '`weight` varchar(20)', /weight is varchar\(20\),/],
  [
    'an id that is the number of the row',
    '`id` text',
    '`id` integer',
    /id is integer, which does not hold text/,
  ],
  [
    'JSON in a column for numbers',
    '`query` json',
    '`query` numeric',
    /query is numeric, which does not hold json/,
  ],
  ['an id that is not the key', ' primary key', '', /its primary key is not the column id/],
  [
    'dates in a column for text',
    '`date` datetime',
    '`date` text',
    /date is text, which does not hold datetime/,
  ],
];

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`SqlStorage.connect on a table that is there in ${client}`, () => {
    let folder: TemporaryFolder;
    let file: string;
    let createTable: string;

    beforeEach(async () => {
      folder = await temporaryFolder();
      file = folder.file('usage.db');
      await (await connectSqlite(file, undefined, driver)).close();
      const native = await openNative(file, driver);
      const [row] = native.database.prepare("select sql from sqlite_master where name = 'koa_usage'").all();
      createTable = (row as { sql: string }).sql;
      native.database.exec('drop table koa_usage');
      await native.close();
    });

    afterEach(() => folder.remove());

    const make = async (sql: string): Promise<void> => {
      expect(sql).to.not.equal(createTable);
      const native = await openNative(file, driver);
      native.database.exec(sql);
      await native.close();
    };

    const refusal = async (): Promise<string> => {
      const error = await caught(connectSqlite(file, undefined, driver));
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
      const storage = await connectSqlite(file, undefined, driver);
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('adds the columns that may be null, as a later version brings them, and keeps the rows', async () => {
      const kept = makeRecord({ visitor: null, trackVar: null });
      await make(createTable.replace(' `visitor` text null,', '').replace(' `track_var` json null,', ''));
      const native = await openNative(file, driver);
      expect(
        native.database.prepare('select name from pragma_table_info(?)').all(['koa_usage']),
      ).to.have.length(29);
      await native.close();
      const storage = await connectSqlite(file, undefined, driver);
      const record = makeRecord({ visitor: 'v', trackVar: { a: 1 } });
      await storage.store([kept, record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record, kept]);
      await storage.close();
    });

    it('lets several add what a later version brings at once', async () => {
      await make(createTable.replace(' `visitor` text null,', ''));
      const storages = await Promise.all(
        Array.from({ length: 4 }, () => connectSqlite(file, undefined, driver)),
      );
      await storages[3]?.store([makeRecord({ visitor: 'v' })], signal);
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(1);
      await Promise.all(storages.map((storage) => storage.close()));
    });

    /** Runs what the refusal says. */
    const repair = async (): Promise<void> => {
      const message = await refusal();
      const native = await openNative(file, driver);
      native.database.exec(message.slice(message.indexOf('run: ') + 5));
      await native.close();
    };

    for (const [title, from, to, says] of REPAIRS) {
      it(`says which SQL puts ${title} right, which then does`, async () => {
        await make(createTable.replace(from, to));
        expect(await refusal()).to.match(says);
        await repair();
        const storage = await connectSqlite(file, undefined, driver);
        const record = makeRecord({ route: null, username: '007' });
        await storage.store([record], signal);
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        await storage.close();
      });
    }

    it('says which SQL puts a column right, and keeps the rows, and the old table beside the new one', async () => {
      const first = await connectSqlite(file, undefined, driver);
      const record = makeRecord();
      await first.store([record], signal);
      await first.close();
      await make(
        `alter table koa_usage rename to good; drop index koa_usage_date_id_index;
        ${createTable.replace('`date` datetime', '`date` text')}; insert into koa_usage select * from good;
        alter table koa_usage add column note text not null default 'theirs'`,
      );
      await repair();
      const storage = await connectSqlite(file, undefined, driver);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
      const native = await openNative(file, driver);
      const found = native.database.prepare('select id, note from koa_usage_before').all();
      await native.close();
      expect(found).to.deep.equal([{ id: record.id, note: 'theirs' }]);
    });

    it('takes columns of other types that give back what they were given', async () => {
      await make(
        createTable
          .replace('`id` text', '`id` char(36)')
          .replace('`username` text', '`username` nvarchar(255)')
          .replace('`url` text', '`url` blob')
          .replace('`path` text', '`path` clob')
          .replace('`query` json', '`query` text')
          .replace('`date` datetime', '`date` integer')
          .replace('`duration_ms` double', '`duration_ms` decimal(10,5)')
          .replace('`status` integer', '`status` float')
          .replace('`bot` integer', '`bot` boolean')
          .replace('`weight` double', '`weight` real'),
      );
      const storage = await connectSqlite(file, undefined, driver);
      const record = makeRecord({
        username: '007',
        url: '1.0',
        path: '1e3',
        query: { page: '2' },
        status: 200,
      });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('takes a table that keeps types strictly', async () => {
      const strict = createTable
        .replaceAll(/ (?:datetime|bigint) /g, ' integer ')
        .replaceAll(' double ', ' real ')
        .replaceAll(' json ', ' text ');
      await make(`${strict} strict`);
      const storage = await connectSqlite(file, undefined, driver);
      const record = makeRecord({ username: '007', query: { page: '2' } });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('takes a table whose name is written in other letters', async () => {
      await make(createTable.replace('koa_usage', 'KOA_Usage'));
      const storage = await connectSqlite(file, undefined, driver);
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(1);
      await storage.close();
    });

    for (const [what, sql] of [
      ['a table whose columns have no types', 'create table koa_usage (a, b)'],
      ['a view', 'create view koa_usage as select 1 as id'],
    ] as const) {
      it(`gives no SQL for ${what}`, async () => {
        await make(sql);
        expect(await refusal()).to.not.match(/run:/i);
      });
    }

    it('gives no SQL for a table that has nothing of ours', async () => {
      await make('create table koa_usage (name text primary key)');
      expect(await refusal()).to.not.include('run:');
    });

    it('makes the index if the table lacks it, and no second one if it does not', async () => {
      await make(`${createTable};`);
      for (let start = 0; start < 2; start += 1) await (await connectSqlite(file, undefined, driver)).close();
      const native = await openNative(file, driver);
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
      const native = await openNative(file, driver);
      native.database.exec("begin immediate; insert into koa_usage values ('a'); commit");
      expect(native.database.prepare('select * from koa_usage').all()).to.deep.equal([{ id: 'a' }]);
      await native.close();
    });
  });
}
