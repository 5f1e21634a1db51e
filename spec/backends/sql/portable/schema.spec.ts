import { NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import pg from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPortable } from '../../../support/portable.js';
import { makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { executeNative, temporaryFolder } from '../../../support/sqlite.js';

const { signal } = new AbortController();

describe('The portable schema', () => {
  it('says which database cannot be used, and what to check', async () => {
    const dbName = '/no/such/folder/usage.db';
    const driverOptions = new NodeSqliteDialect(dbName);
    const error = await caught(SqlStorage.connect({ driver: AnySqliteDriver, dbName, driverOptions }));
    expect(error).to.include({ code: 'STORAGE_CONNECT' });
    expect(error.message).to.include(`the database ${dbName}`).and.include('unable to open database file');
  });

  it('is checked in SQLite by node:sqlite, and gets its index', async () => {
    const folder = await temporaryFolder();
    const dbName = folder.file('usage.db');
    const driverOptions = new NodeSqliteDialect(dbName);
    const connect = (): Promise<SqlStorage> =>
      SqlStorage.connect({ driver: AnySqliteDriver, dbName, driverOptions });
    await (await connect()).close();
    await executeNative(dbName, 'drop index koa_usage_date_id_index');
    await (await connect()).close();
    await executeNative(dbName, 'drop index koa_usage_date_id_index');
    await executeNative(dbName, "alter table koa_usage add column tenant text not null default 'a'");
    await (await connect()).close();
    await executeNative(dbName, 'create table other as select * from koa_usage');
    await executeNative(dbName, 'drop table koa_usage; alter table other rename to koa_usage');
    expect((await caught(connect())).message).to.include('its primary key is not the column id');
    await folder.remove();
  });

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;

    beforeEach(async () => {
      database = await server().freshDatabase();
    });

    afterEach(() => database.drop());

    const connect = (): Promise<SqlStorage> =>
      connectPortable({ driver: PostgreSqlDriver, clientUrl: database.url });

    async function run(sql: string): Promise<Record<string, unknown>[]> {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query<Record<string, unknown>>(sql);
      await client.end();
      return rows;
    }

    it('is made once, whoever comes at the same time', async () => {
      const storages = await Promise.all([connect(), connect(), connect(), connect()]);
      for (const storage of storages) await storage.store(makeRecords(3), signal);
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(12);
      await Promise.all(storages.map((storage) => storage.close()));
      const indexes = await run("select indexname from pg_indexes where tablename = 'koa_usage' order by 1");
      expect(indexes.map(({ indexname }) => indexname)).to.deep.equal([
        'koa_usage_date_id_index',
        'koa_usage_pkey',
      ]);
    });

    it('gets the columns that a later version brought, where they may be null', async () => {
      await (await connect()).close();
      await run(
        'alter table koa_usage drop column visitor, drop column track_var, alter column path type text',
      );
      const storage = await connect();
      const records = makeRecords(2, { visitor: 'c0ffee', trackVar: { plan: 'pro' } });
      await storage.store(records, signal);
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
      await storage.close();
      const [path] = await run(
        "select data_type from information_schema.columns where table_name = 'koa_usage' and column_name = 'path'",
      );
      expect(path).to.deep.equal({ data_type: 'text' });
    });

    it('gets a column that may be null beside one of somebody else', async () => {
      await (await connect()).close();
      await run('alter table koa_usage rename column visitor to note');
      const storage = await connect();
      const records = makeRecords(1, { visitor: 'c0ffee' });
      await storage.store(records, signal);
      expect(await storage.reader.getUsage()).to.deep.equal(records);
      await storage.close();
      const [row] = await run('select note from koa_usage');
      expect(row).to.deep.equal({ note: null });
    });

    it('gets its index where it has none, and no second one', async () => {
      await (await connect()).close();
      await run('drop index koa_usage_date_id_index');
      await (await connect()).close();
      await run('alter index koa_usage_date_id_index rename to theirs');
      await (await connect()).close();
      const indexes = await run("select indexname from pg_indexes where tablename = 'koa_usage' order by 1");
      expect(indexes.map(({ indexname }) => indexname)).to.deep.equal(['koa_usage_pkey', 'theirs']);
    });

    for (const [change, says] of [
      ['drop constraint koa_usage_pkey', 'its primary key is not the column id'],
      ['drop constraint koa_usage_pkey, add primary key (id, date)', 'its primary key is not the column id'],
      ['add column tenant text not null', 'it demands values for tenant, which records do not have'],
      ['alter column route set not null', 'its column route does not take null'],
    ] as const) {
      it(`is refused, and told what to do: ${change}`, async () => {
        await (await connect()).close();
        await run(`alter table koa_usage ${change}`);
        const error = await caught(connect());
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.include(says).and.include('Rename that table, or give');
      });
    }

    it('is refused where it is the table of somebody else', async () => {
      await run('create table koa_usage (name text primary key)');
      const error = await caught(connect());
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('it lacks the columns id, date').and.not.include('run:');
    });

    it('takes further columns that demand nothing', async () => {
      await (await connect()).close();
      await run(
        "alter table koa_usage add column n serial, add column i int generated always as identity, add column d text not null default 'a', add column g text generated always as (path) stored",
      );
      const storage = await connect();
      await storage.store(makeRecords(1), signal);
      expect(await storage.reader.countUsage()).to.equal(1);
      await storage.close();
    });

    it('is refused without a column that has to have a value, with the SQL to run', async () => {
      await (await connect()).close();
      await run('alter table koa_usage drop column weight, drop column visitor');
      const error = await caught(connect());
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message)
        .to.include('weight')
        .and.match(/run: alter table "koa_usage" add .*"weight"/);
      const columns = await run(
        "select 1 from information_schema.columns where table_name = 'koa_usage' and column_name = 'visitor'",
      );
      expect(columns).to.deep.equal([]);
    });
  });
});
