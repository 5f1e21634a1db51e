import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import { TrackUsageError, type TrackUsageErrorCode } from '../../../../src/errors.js';
import { SqlStorage, type SqlStorageOptions } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

describeOn('postgresql', (server) => {
  describe('SqlStorage.connect', () => {
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    const parts = (): SqlStorageOptions => ({
      driver: PostgreSqlDriver,
      host: server().host,
      port: server().port,
      user: server().user,
      password: server().password,
      dbName: database.name,
    });

    const refusal = async (
      options: Partial<SqlStorageOptions>,
      code: TrackUsageErrorCode = 'STORAGE_SETUP',
    ): Promise<string> => {
      const error = await caught(SqlStorage.connect({ ...parts(), ...options }));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code });
      expect(error.message).to.include('SqlStorage.connect: the PostgreSQL database');
      expect(error.cause).to.be.an.instanceOf(Error);
      expect(JSON.stringify([error.message, error.stack])).to.not.include('hunter2');
      return error.message;
    };

    it('takes the server in parts, or as a URL', async () => {
      const record = makeRecord();
      const first = await SqlStorage.connect(parts());
      await first.store([record], signal);
      await first.close();
      const second = await connectPostgres(database);
      expect(await second.reader.getUsage()).to.deep.equal([record]);
      expect(second.name).to.equal('postgresql');
      await second.close();
    });

    it("takes the database of its URL, and none from the variables of the application's MikroORM", async () => {
      process.env['MIKRO_ORM_DB_NAME'] = 'none';
      try {
        const storage = await SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: database.url });
        expect(await storage.reader.countUsage()).to.equal(1);
        await storage.close();
      } finally {
        delete process.env['MIKRO_ORM_DB_NAME'];
      }
    });

    it('keeps records in a schema, which it makes', async () => {
      const storage = await connectPostgres(database, { schema: 'Track "1"', tableName: 'my usage' });
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
      const client = await postgresClient(database);
      const { rows } = await client.query('select id from "Track ""1"""."my usage"');
      await client.end();
      expect(rows).to.deep.equal([{ id: record.id }]);
    });

    it('has room for the tables beside the one with the longest name, and for their indexes', async () => {
      const tableName = 'ü'.repeat(25);
      for (let start = 0; start < 2; start += 1) {
        const storage = await connectPostgres(database, { tableName });
        await storage.store([makeRecord()], signal);
        await storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal);
        await storage.close();
      }
      const client = await postgresClient(database);
      const { rows } = await client.query(`select relname from pg_class where relname like 'üü%'`);
      await client.end();
      const ends = ['', '_pkey', '_salt', '_salt_pkey', '_summary', '_summary_pkey', '_summary_span'];
      const names = rows.map(({ relname }) => relname as string);
      expect(names).to.include.members(ends.map((end) => tableName + end));
    });

    it('says that the password is wrong, and does not show it', async () => {
      const client = await postgresClient(database);
      await client.query("create role usage_writer login password 'right'");
      expect(await refusal({ user: 'usage_writer', password: 'hunter2' })).to.match(
        /password authentication failed.*Check the user and the password/,
      );
      await client.query('drop role usage_writer');
      await client.end();
    });

    it('says that the database does not exist', async () => {
      expect(await refusal({ dbName: 'no_such' })).to.match(
        /database no_such on .*does not exist.*Make the database first.*dbName/,
      );
    });

    it('says that nobody answers', async () => {
      expect(await refusal({ port: 1, password: 'hunter2' }, 'STORAGE_CONNECT')).to.match(
        /ECONNREFUSED.*Check that the server runs/,
      );
    });

    it('keeps records where the search_path leads, and sees to the table there alone', async () => {
      const client = await postgresClient(database);
      await client.query(`create schema app; create schema other; create table other.usage (name text)`);
      await client.query(`alter database "${database.name}" set search_path = app, other`);
      const connect = (): Promise<SqlStorage> => connectPostgres(database, { tableName: 'visits' });
      await (await connect()).close();
      await client.query('create table public.visits as select id from app.visits');
      await client.query('alter table app.visits drop column visitor');
      const storage = await connect();
      const record = makeRecord({ visitor: 'v' });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
      const { rows } = await client.query('select visitor from app.visits');
      expect(rows).to.deep.equal([{ visitor: 'v' }]);
      const error = await caught(connectPostgres(database, { tableName: 'usage' }));
      expect(error.message).to.include("'usage' is not one of usage records").and.not.include('run:');
      await client.query(`alter database "${database.name}" reset search_path`);
      await client.end();
    });

    it('lets several add what a later version brings at once', async () => {
      const connect = (): Promise<SqlStorage> => connectPostgres(database, { tableName: 'later' });
      await (await connect()).close();
      const client = await postgresClient(database);
      await client.query('alter table later drop column visitor; drop index later_date_id_index');
      await client.end();
      const storages = await Promise.all(Array.from({ length: 6 }, connect));
      await Promise.all(storages.map((storage) => storage.store([makeRecord({ visitor: 'v' })], signal)));
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(6);
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('lets several make the table at once', async () => {
      const storages = await Promise.all(
        Array.from({ length: 6 }, () =>
          connectPostgres(database, { schema: 'at_once', tableName: 'at_once' }),
        ),
      );
      await Promise.all(storages.map((storage) => storage.store([makeRecord()], signal)));
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(6);
      await Promise.all(storages.map((storage) => storage.close()));
    });
  });
});
