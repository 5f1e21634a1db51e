import { expect } from 'chai';
import type { Client } from 'pg';
import { TrackUsageError } from '../../../../src/errors.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

const INDEXES = "select indexname from pg_indexes where tablename = 'koa_usage' order by 1";

describeOn('postgresql', (server) => {
  describe('SqlStorage.connect on a table that is there', () => {
    let database: FreshDatabase;
    let client: Client;

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
    });

    beforeEach(async () => {
      await client.query('drop table if exists koa_usage');
      await (await connectPostgres(database)).close();
    });

    after(async () => {
      await client.end();
      await database.drop();
    });

    const refusal = async (): Promise<string> => {
      const error = await caught(connectPostgres(database));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      return error.message;
    };

    it('has an index on date and id, and no other beside the key', async () => {
      await (await connectPostgres(database)).close();
      const { rows } = await client.query(INDEXES);
      expect(rows).to.deep.equal([{ indexname: 'koa_usage_date_id_index' }, { indexname: 'koa_usage_pkey' }]);
    });

    it('makes the index where it is missing, and takes one of another name', async () => {
      await client.query('drop index koa_usage_date_id_index');
      await (await connectPostgres(database)).close();
      expect((await client.query(INDEXES)).rows).to.have.length(2);
      await client.query('alter index koa_usage_date_id_index rename to mine');
      await (await connectPostgres(database)).close();
      expect((await client.query(INDEXES)).rows).to.deep.equal([
        { indexname: 'koa_usage_pkey' },
        { indexname: 'mine' },
      ]);
    });

    it('adds the columns that may be null, as a later version brings them', async () => {
      await client.query('alter table koa_usage drop column visitor, drop column track_var');
      const storage = await connectPostgres(database);
      const record = makeRecord({ visitor: 'v', trackVar: { a: [1] } });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    for (const [change, says] of [
      [
        'alter column url type varchar(255)',
        /column url is varchar\(255\), which does not hold varchar\(4096\)/,
      ],
      ['alter column path type char(10)', /column path is char\(10\)/],
      [
        'alter column date type timestamp(3)',
        /column date is timestamp\(3\), which does not hold timestamptz\(3\)/,
      ],
      ['alter column date type timestamptz(0)', /column date is timestamptz\(0\)/],
      ['alter column request_bytes type int', /column request_bytes is int4/],
      ['alter column duration_ms type real', /column duration_ms is float4/],
      ['alter column visitor type uuid using visitor::uuid', /column visitor is uuid/],
      ['alter column bot type int using 0', /column bot is int4, which does not hold boolean/],
      ['alter column query type text', /column query is text, which does not hold jsonb/],
      ['alter column route set not null', /column route does not take null/],
      [
        'alter column route set not null, alter column route type varchar(9)',
        /not take null; its column route/,
      ],
      ['add column tenant int not null', /demands values for tenant/],
      ['drop column weight', /lacks the columns weight/],
      ['drop constraint koa_usage_pkey', /primary key is not the column id/],
    ] as const) {
      it(`says which SQL puts right: ${change}`, async () => {
        await client.query(`alter table koa_usage ${change}`);
        const message = await refusal();
        expect(message).to.match(says);
        await client.query(message.slice(message.indexOf('run: ') + 5));
        const storage = await connectPostgres(database);
        const record = makeRecord({ route: null });
        await storage.store([record], signal);
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        await storage.close();
      });
    }

    it('gives no SQL where another column is the key', async () => {
      await client.query('alter table koa_usage drop constraint koa_usage_pkey, add primary key (id, date)');
      expect(await refusal())
        .to.include('its primary key is not the column id')
        .and.not.include('run:');
    });

    it('gives no SQL for a view, which has no key', async () => {
      await client.query('create view usage_view as select * from koa_usage');
      const error = await caught(connectPostgres(database, { tableName: 'usage_view' }));
      await client.query('drop view usage_view');
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('is a view').and.include('another tableName').and.not.include('run:');
    });

    it('takes wider columns, and further ones that demand nothing', async () => {
      await client.query(
        'alter table koa_usage alter column url type text, alter column path type varchar, alter column status type bigint, alter column query type json, ' +
          'alter column date type timestamptz, ' +
          "add column note text, add column tenant text not null default 'a', add column n int generated always as identity",
      );
      const storage = await connectPostgres(database);
      const record = makeRecord();
      await storage.store([record], signal);
      expect((await storage.reader.getUsage())[0]?.url).to.equal(record.url);
      await storage.close();
    });

    it('refuses a database that does not keep Unicode', async () => {
      const name = `${database.name}_ascii`;
      const { rows } = await client.query(
        "select current_setting('server_version_num')::int < 150000 as old",
      );
      const provider = (rows[0] as { old: boolean }).old ? '' : "locale_provider 'libc'";
      await client.query(
        `create database ${name} encoding 'SQL_ASCII' ${provider} locale 'C' template template0`,
      );
      const error = await caught(connectPostgres({ ...database, url: server().url(name) }));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('SQL_ASCII').and.include("encoding 'UTF8'");
      await client.query(`drop database ${name} with (force)`);
    });
  });
});
