import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { DAY, PROPOSAL } from '../../support/salt-keeper.js';
import { SqlStorage, Usage, defineUsage, defineUsageSalt } from '../../../src/backends/sql/index.js';
import {
  type NativeDatabase,
  busyTimeoutMs,
  sqliteConnection,
} from '../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { describeOnMySql, openMySql } from '../../support/mysql.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../support/postgresql.js';
import { makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';
import {
  SQLITE_CLIENTS,
  applicationOrm,
  connectSqlite,
  initOrm,
  openNative,
  useTemporaryFolder,
} from '../../support/sqlite.js';

const { signal } = new AbortController();

function tablesOf(database: NativeDatabase): unknown[] {
  const rows = database.prepare("select name from sqlite_master where type = 'table' order by name").all();
  return rows.map((row) => (row as { name: unknown }).name);
}

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`The salts of SqlStorage on ${client}`, () => {
    const folder = useTemporaryFolder();
    let file: string;

    beforeEach(() => {
      file = folder.file('usage.db');
    });

    it('have a table of their own, which is made with the first of them', async () => {
      const storage = await connectSqlite(file, 'visits', driver);
      const native = await openNative(file, driver);
      await storage.store(makeRecords(3), signal);
      expect(tablesOf(native.database)).to.deep.equal(['visits', 'visits_summary']);
      expect(await storage.salts.claim(DAY, PROPOSAL, signal)).to.equal(PROPOSAL);
      expect(tablesOf(native.database)).to.deep.equal(['visits', 'visits_salt', 'visits_summary']);
      expect(native.database.prepare('select * from visits_salt').all()).to.deep.equal([
        { day: DAY, salt: PROPOSAL },
      ]);
      await native.close();
      await storage.close();
    });

    it("neither wait for another connection's lock nor change how long the application does", async () => {
      const orm = await applicationOrm({ driver, dbName: file });
      const native = await sqliteConnection(orm).getNativeClient();
      native.exec('pragma journal_mode = wal');
      // Longer than mocha lets a spec take.
      native.exec('pragma busy_timeout = 40000');
      const { salts } = new SqlStorage(orm);
      const other = await openNative(file, driver);
      other.database.exec('begin immediate');
      const error = await caught(salts.claim(DAY, PROPOSAL, signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(busyTimeoutMs(native)).to.equal(40_000);
      other.database.exec('rollback');
      expect(await salts.claim(DAY, PROPOSAL, signal)).to.equal(PROPOSAL);
      expect(busyTimeoutMs(native)).to.equal(40_000);
      await other.close();
      await orm.close(true);
    });

    it("stay out of the application's transaction", async () => {
      const orm = await applicationOrm({ driver, dbName: file });
      const { salts } = new SqlStorage(orm);
      let claim: Promise<string> | undefined;
      await caught(
        orm.em.fork().transactional(async (em) => {
          await em
            .getConnection()
            .execute('create table own (id integer)', [], 'run', em.getTransactionContext());
          claim = salts.claim(DAY, PROPOSAL, signal);
          throw new Error('roll back');
        }),
      );
      expect(await claim).to.equal(PROPOSAL);
      expect(await salts.claim(DAY, 'ff'.repeat(32), signal)).to.equal(PROPOSAL);
      expect(tablesOf(await sqliteConnection(orm).getNativeClient())).to.not.include('own');
      await orm.close(true);
    });
  });
}

describe("The salts of SqlStorage on the application's MikroORM", () => {
  it('say what to add where the entity is not among its own', async () => {
    const orm = await applicationOrm({ entities: [Usage] });
    const { salts } = new SqlStorage(orm);
    for (const work of [salts.claim(DAY, PROPOSAL, signal), salts.deleteBefore(DAY, signal)]) {
      const error = await caught(work);
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /does not know the entity UsageSalt\. Import it from 'koa-track-usage\/sql'/,
      );
    }
    await orm.close(true);
  });

  it('say what to run where the table is missing, and nothing of the salt', async () => {
    const orm = await initOrm();
    const error = await caught(new SqlStorage(orm).salts.claim(DAY, PROPOSAL, signal));
    expect(error).to.include({ code: 'STORAGE_SETUP' }).and.not.have.property('cause');
    expect(error.message).to.match(/'koa_usage_salt' cannot be used: .*Run the migrations .* UsageSalt/);
    expect(error.message).to.not.include(PROPOSAL);
    await orm.close(true);
  });

  it('are in the table that the entity names', async () => {
    const orm = await applicationOrm({ entities: [defineUsage('visits'), defineUsageSalt('visits')] });
    await new SqlStorage(orm).salts.claim(DAY, PROPOSAL, signal);
    expect(tablesOf(await sqliteConnection(orm).getNativeClient())).to.deep.equal(['visits', 'visits_salt']);
    await orm.close(true);
  });
});

/** What holds of salts on a server, whichever it is. */
function describeOnServer(open: () => Promise<MikroORM>, lines: string[]): void {
  it("stay out of the application's transaction, and out of its log", async () => {
    const orm = await open();
    const { salts } = new SqlStorage(orm);
    await caught(
      orm.em.fork().transactional(async (em) => {
        await em.getConnection().execute('select 1', [], 'get', em.getTransactionContext());
        expect(await salts.claim(DAY, PROPOSAL, signal)).to.equal(PROPOSAL);
        throw new Error('roll back');
      }),
    );
    expect(await salts.claim(DAY, 'ff'.repeat(32), signal)).to.equal(PROPOSAL);
    expect(lines.join('\n')).to.include('select 1').and.not.include(PROPOSAL);
    await orm.close(true);
  });

  it('say what to run where the table is missing, and nothing of the salt', async () => {
    const orm = await open();
    await orm.em.getConnection().execute('drop table koa_usage_salt');
    const error = await caught(new SqlStorage(orm).salts.claim(DAY, PROPOSAL, signal));
    expect(error).to.include({ code: 'STORAGE_SETUP' }).and.not.have.property('cause');
    expect(error.message).to.match(/'koa_usage_salt' cannot be used: .*Run the migrations .* UsageSalt/);
    expect(error.message).to.not.include(PROPOSAL);
    await orm.close(true);
  });
}

describeOn('postgresql', (server) => {
  const lines: string[] = [];
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await server().freshDatabase();
  });

  afterEach(() => database.drop());

  describe('the salts of SqlStorage', () => {
    const options = {
      debug: ['query', 'query-params'] as never,
      logger: (line: string) => void lines.push(line),
    };
    describeOnServer(async () => {
      const orm = await initPostgresOrm(database, options);
      await orm.schema.create();
      return orm;
    }, lines);

    it('are in the schema of the records, and made there by processes that start at once', async () => {
      const storages = await Promise.all(
        Array.from({ length: 6 }, () => connectPostgres(database, { schema: 'stats' })),
      );
      const told = await Promise.all(
        storages.map(({ salts }) => salts.claim(DAY, randomBytes(32).toString('hex'), signal)),
      );
      expect(new Set(told).size).to.equal(1);
      const client = await postgresClient(database);
      const { rows } = await client.query('select * from stats.koa_usage_salt');
      expect(rows).to.deep.equal([{ day: DAY, salt: told[0] }]);
      await client.end();
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('say what to run where the user may make no table', async () => {
      const storage = await connectPostgres(database);
      const client = await postgresClient(database);
      const role = `reader_${database.name}`;
      // Before PostgreSQL 15, everybody may make tables there.
      await client.query('revoke create on schema public from public');
      await client.query(`create role "${role}" login password 'secret'`);
      await client.query(`grant select, insert on koa_usage to "${role}"`);
      const url = new URL(database.url);
      url.username = role;
      url.password = 'secret';
      const other = await connectPostgres({ ...database, url: url.href });
      const error = await caught(other.salts.claim(DAY, PROPOSAL, signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /may run: create table koa_usage_salt .* grant the user select, insert and delete/,
      );
      await other.close();
      await storage.close();
      await client.query(`drop owned by "${role}"`);
      await client.query(`drop role "${role}"`);
      await client.end();
    });
  });
});

describeOnMySql((server, { mySqlOrm }) => {
  const lines: string[] = [];
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await server().freshDatabase();
  });

  afterEach(() => database.drop());

  describe('the salts of SqlStorage', () => {
    const options = {
      debug: ['query', 'query-params'] as never,
      logger: (line: string) => void lines.push(line),
    };
    describeOnServer(() => mySqlOrm(database.url, options), lines);

    it('are kept also where sessions begin transactions by themselves', async () => {
      const orm = await mySqlOrm(database.url, { pool: { min: 0, max: 1 } });
      await orm.em.getConnection().execute('set session autocommit = 0');
      await new SqlStorage(orm).salts.claim(DAY, PROPOSAL, signal);
      const other = await openMySql(database.url);
      const [rows] = await other.query('select * from koa_usage_salt');
      expect(rows).to.deep.equal([{ day: DAY, salt: PROPOSAL }]);
      await other.end();
      await orm.close(true);
    });
  });
});
