import { expect } from 'chai';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqlStorage, defineUsage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

const INDEXES = `select indexrelid::regclass::text as name, indisvalid as valid from pg_index
  where indrelid = 'koa_usage'::regclass and not indisprimary order by 1`;

describeOn('postgresql', (server) => {
  describe('The option indexes on PostgreSQL', () => {
    let database: FreshDatabase;
    let client: pg.Client;
    let other: pg.Client;
    const storages: SqlStorage[] = [];

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
      other = await postgresClient(database);
    });

    beforeEach(async () => {
      await client.query('drop table if exists koa_usage');
    });

    afterEach(async () => {
      await Promise.all(storages.splice(0).map((storage) => storage.close()));
    });

    after(async () => {
      await Promise.all([client.end(), other.end()]);
      await database.drop();
    });

    const connect = async (options: Parameters<typeof connectPostgres>[1] = {}): Promise<SqlStorage> => {
      const storage = await connectPostgres(database, options);
      storages.push(storage);
      return storage;
    };

    const found = async (): Promise<unknown[]> => {
      const { rows } = await client.query<{ name: string; valid: boolean }>(INDEXES);
      return rows.map(({ name, valid }) => (valid ? name : `${name}, broken`));
    };

    const BOTH = ['koa_usage_date_id_index', 'koa_usage_username_date_id_index'];

    it('makes them on a new table, and while others write to one that is there', async () => {
      const storage = await connect({ indexes: ['username'] });
      expect(await found()).to.deep.equal(BOTH);
      await client.query('drop index koa_usage_username_date_id_index');
      await storage.store(makeRecords(10), signal);
      await other.query('begin');
      await other.query("update koa_usage set username = 'eve'");
      // It waits for the transaction, and nobody waits for it.
      const making = connect({ indexes: ['username'] });
      await until(async () => (await found()).length === 2, 'the index is there');
      await storage.store([makeRecord()], signal);
      expect(await found()).to.deep.equal([
        'koa_usage_date_id_index',
        'koa_usage_username_date_id_index, broken',
      ]);
      await other.query('commit');
      await making;
      expect(await found()).to.deep.equal(BOTH);
      expect(await storage.reader.countUsage({ username: 'eve' })).to.equal(10);
    });

    it('makes each once where several processes start at once', async () => {
      const storage = await connect();
      await storage.store(makeRecords(3000), signal);
      const indexes = ['username', 'route', 'status'] as const;
      await Promise.all(Array.from({ length: 6 }, () => connect({ indexes })));
      expect(await found()).to.have.members([
        ...BOTH,
        'koa_usage_route_date_id_index',
        'koa_usage_status_date_id_index',
      ]);
    });

    it('makes one again that could not be made to the end', async () => {
      const storage = await connect();
      await storage.store(makeRecords(2), signal);
      await caught(
        client.query(
          'create unique index concurrently koa_usage_username_date_id_index on koa_usage (username)',
        ),
      );
      await client.query('drop index koa_usage_username_date_id_index');
      await client.query("set statement_timeout = '200ms'");
      await other.query('begin; update koa_usage set weight = 2');
      const make =
        'create index concurrently koa_usage_username_date_id_index on koa_usage (username, date, id)';
      expect((await caught(client.query(make))).message).to.include('statement timeout');
      await client.query('reset statement_timeout');
      await other.query('commit');
      expect(await found()).to.include('koa_usage_username_date_id_index, broken');
      await connect({ indexes: ['username'] });
      expect(await found()).to.deep.equal(BOTH);
    });

    it('says what to run where it may take no longer, and makes it at the next start', async () => {
      await (await connect()).store(makeRecords(2), signal);
      await other.query('begin; update koa_usage set weight = 2');
      const error = await caught(
        connect({ indexes: ['username'], driverOptions: { statement_timeout: 200 } }),
      );
      await other.query('commit');
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /An index cannot be made.*statement timeout.*run: create index concurrently "/,
      );
      await connect({ indexes: ['username'] });
      expect(await found()).to.deep.equal(BOTH);
    });

    it('makes them on a table in partitions, which PostgreSQL does not do beside writers', async () => {
      await (await connect()).close();
      await client.query('alter table koa_usage rename to plain');
      await client.query('create table koa_usage (like plain including defaults) partition by hash (id)');
      await client.query('drop table plain; alter table koa_usage add primary key (id)');
      await client.query('create table part partition of koa_usage for values with (modulus 1, remainder 0)');
      await connect({ indexes: ['username'] });
      expect(await found()).to.have.lengthOf(2);
    });

    it('does so in a schema, in a session whose transactions keep their snapshot', async () => {
      await client.query('create schema "my usage"');
      const options = `-c default_transaction_isolation=serializable -c idle_in_transaction_session_timeout=50`;
      for (const indexes of [[], ['username']] as const)
        await connect({ schema: 'my usage', indexes, driverOptions: { options } });
      const { rows } = await client.query(`select indexname from pg_indexes where schemaname = 'my usage'`);
      expect(rows).to.have.lengthOf(3);
    });

    it('makes them through a client that the user made, of a single connection', async () => {
      const pool = new pg.Pool({ connectionString: database.url, max: 1 });
      const driverOptions = new Kysely({ dialect: new PostgresDialect({ pool }) });
      for (const indexes of [[], ['username']] as const) {
        const storage = await SqlStorage.connect({
          driver: PostgreSqlDriver,
          dbName: 'x',
          driverOptions,
          indexes,
        });
        expect(await storage.reader.countUsage()).to.equal(0);
      }
      expect(await found()).to.deep.equal(BOTH);
      await driverOptions.destroy();
    });

    it("are made by the application's MikroORM, which takes one that was made by hand for its own", async () => {
      await (await connect()).close();
      await client.query(
        'create index concurrently koa_usage_username_date_id_index on koa_usage (username, date, id)',
      );
      const usage = defineUsage('koa_usage');
      usage.addIndex({ properties: ['username', 'date', 'id'] });
      usage.addIndex({ properties: ['route', 'date', 'id'] });
      const orm = await initPostgresOrm(database, { entities: [usage] });
      expect(await orm.schema.getUpdateSchemaSQL({ safe: true }))
        .to.match(/route/)
        .and.not.match(/username/);
      await orm.schema.update({ safe: true });
      expect(await orm.schema.getUpdateSchemaSQL({ safe: true })).to.equal('');
      await orm.close(true);
      expect(await found()).to.have.members([...BOTH, 'koa_usage_route_date_id_index']);
    });

    it('says what to run to a user who may not make them', async () => {
      await connect();
      await client.query(
        `create role indexless login password 'x'; grant select, insert on koa_usage to indexless`,
      );
      const error = await caught(connect({ user: 'indexless', password: 'x', indexes: ['username'] }));
      await client.query('drop owned by indexless; drop role indexless');
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /An index cannot be made.*must be owner.*create index concurrently "koa_usage_username_date_id_index" on/,
      );
    });
  });
});
