import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { noDrops } from '../../../src/pipeline/telling/accounting.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { describeOnMySql, openMySql } from '../../support/mysql.js';
import { laneTo } from '../../support/pipelines.js';
import { connectPostgres, postgresClient, postgresOrm } from '../../support/postgresql.js';
import { makeRecords } from '../../support/records.js';
import { SQLITE_CLIENTS, applicationOrm, executeNative, temporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();

type Run = (sql: string) => Promise<unknown>;

/** What is done to a table, what the one line says of it, and how the table is mended: by what the line says, where it is null. */
type Case = readonly [title: string, sql: readonly string[], says: RegExp, mend: readonly string[] | null];

/** What the lane itself makes of a table that takes no record. */
const TAKES_NONE = /refused all 20 records that it was given: .*Mend what refuses them/;

const ANY_SQL: readonly Case[] = [
  [
    'a rule that no record meets',
    ['alter table koa_usage add constraint odd check (weight > 1000)'],
    TAKES_NONE,
    ['alter table koa_usage drop constraint odd'],
  ],
];

const POSTGRESQL: readonly Case[] = [
  ...ANY_SQL,
  [
    'a partition that is missing',
    [
      'alter table koa_usage rename to unpartitioned',
      'create table koa_usage (like unpartitioned including all) partition by range (id)',
      "create table koa_usage_old partition of koa_usage for values from ('00') to ('0100')",
    ],
    /no partition of relation "koa_usage" found for row\. Make the partition that .*, run: /,
    null,
  ],
  [
    'a column that demands a value',
    [
      'alter table koa_usage add tenant int not null default 1',
      'alter table koa_usage alter tenant drop default',
    ],
    /null value in column "tenant".*let it take null, or give it a default/,
    ['alter table koa_usage alter tenant drop not null'],
  ],
  [
    'a trigger that always raises',
    [
      "create function never() returns trigger language plpgsql as $$ begin raise 'not today'; end $$",
      'create trigger never before insert on koa_usage for each row execute function never()',
    ],
    TAKES_NONE,
    ['drop trigger never on koa_usage'],
  ],
];

const MYSQL: readonly Case[] = [
  ...ANY_SQL,
  [
    'a partition that is missing',
    ["alter table koa_usage partition by range columns(id) (partition p0 values less than ('0100'))"],
    /Table has no partition for value.*Make the partition/,
    ['alter table koa_usage add partition (partition p1 values less than (maxvalue))'],
  ],
  [
    'a column that demands a value',
    ['alter table koa_usage add tenant int not null'],
    /'tenant' doesn't have a default value.*let it take null, or give it a default/,
    ['alter table koa_usage modify tenant int'],
  ],
  [
    'a column of ours that takes no null',
    ['alter table koa_usage modify visitor varchar(64) not null'],
    /Column 'visitor' cannot be null.*let it take null/,
    ['alter table koa_usage modify visitor varchar(64)'],
  ],
  [
    'a trigger that always raises',
    [
      "create trigger never before insert on koa_usage for each row signal sqlstate '45000' set message_text = 'not today'",
    ],
    TAKES_NONE,
    ['drop trigger never'],
  ],
];

const SQLITE: readonly Case[] = [
  [
    'a trigger that always raises',
    ["create trigger never before insert on koa_usage begin select raise(abort, 'not today'); end"],
    TAKES_NONE,
    ['drop trigger never'],
  ],
  [
    'a column of ours that takes no null',
    [
      'alter table koa_usage drop column visitor',
      "alter table koa_usage add column visitor text not null default ''",
    ],
    /NOT NULL constraint failed: koa_usage\.visitor.*let it take null, or give it a default/,
    ['alter table koa_usage drop column visitor', 'alter table koa_usage add column visitor text'],
  ],
];

/** Good records, the table broken and mended: all wait, one line says what to do, and all are stored. */
async function expectWaits(storage: UsageStorage, run: Run, [, sql, says, mend]: Case): Promise<void> {
  const { pipeline, clock, lines } = laneTo(storage);
  for (const statement of sql) await run(statement);
  for (const record of makeRecords(20)) pipeline.accept(record);
  await pipeline.flush();
  for (const record of makeRecords(20)) pipeline.accept(record);
  await pipeline.flush();
  expect(pipeline.stats()).to.include({ accepted: 40, queued: 40, stored: 0 });
  expect(pipeline.stats().storages[0]?.lastError).to.include({ code: 'STORAGE_SETUP' });
  expect(pipeline.health()).to.equal('degraded');
  expect(lines).to.have.lengthOf(1);
  expect(lines[0]).to.match(says);
  for (const statement of mend ?? [adviceIn(lines[0])]) await run(statement);
  await clock.advance(30_000);
  await until(() => pipeline.stats().stored === 40, 'all are stored');
  expect(pipeline.stats().dropped).to.deep.equal(noDrops());
  await pipeline.close(0);
}

/** Records that a database keeps, whoever deletes them: the deletion ends, and says so. */
async function expectKept(storage: UsageStorage, run: Run, [sql, mend]: readonly string[]): Promise<void> {
  const records = makeRecords(150, { username: 'ada' });
  await storage.store(records, signal);
  await run(sql as string);
  for (const deleting of [
    () => storage.erase?.({ username: 'ada' }, signal),
    () => storage.deleteUsage?.({ username: 'ada' }, 1, signal),
    () => storage.deleteUsage?.({ username: 'ada' }, 150, signal),
  ]) {
    const error = await caught(deleting() as Promise<unknown>);
    expect(error).to.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.match(
      /the database keeps them: the record '.*Look for a trigger, a rule or a policy/,
    );
  }
  await run(mend as string);
  expect(await storage.deleteUsage?.({ username: 'ada' }, 30, signal)).to.equal(30);
  expect(await storage.erase?.({ username: 'ada' }, signal)).to.include({ records: 120 });
}

function adviceIn(line = ''): string {
  return line.slice(line.indexOf('run: ') + 'run: '.length);
}

describe('Records that a broken table refuses wait, and are not at fault', function () {
  this.timeout(30_000);

  describeOn('postgresql', (server) => {
    for (const example of POSTGRESQL) {
      for (const [way, options] of [
        ["pg's pool", {}],
        ['Kysely', { onReserveConnection: async () => {} }],
      ] as const) {
        it(`on PostgreSQL, by ${way}: ${example[0]}`, async () => {
          const database = await server().freshDatabase();
          const client = await postgresClient(database);
          const orm = await postgresOrm(database, options);
          await expectWaits(new SqlStorage(orm), (sql) => client.query(sql), example);
          await orm.close(true);
          await client.end();
          await database.drop();
        });
      }
    }

    it('say so where a rule of PostgreSQL keeps them from being deleted', async () => {
      const database = await server().freshDatabase();
      const client = await postgresClient(database);
      const storage = await connectPostgres(database);
      const rule = 'create rule kept as on delete to koa_usage do instead nothing';
      await expectKept(storage, (sql) => client.query(sql), [rule, 'drop rule kept on koa_usage']);
      await storage.store(makeRecords(20), signal);
      await client.query(rule);
      const error = await caught(storage.deleteBefore(new Date('2100-01-01'), 10, signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(/^Old records are deleted, and the database keeps them: the record/);
      await storage.close();
      await client.end();
      await database.drop();
    });

    it('on PostgreSQL, on a connection of its own: a partition that is missing', async () => {
      const database = await server().freshDatabase();
      const client = await postgresClient(database);
      const storage = await connectPostgres(database);
      await expectWaits(storage, (sql) => client.query(sql), POSTGRESQL[1] as Case);
      await storage.close();
      await client.end();
      await database.drop();
    });
  });

  describeOnMySql((server, { connectMySql, mySqlOrm }) => {
    for (const example of MYSQL) {
      for (const way of ['a connection of its own', 'Kysely'] as const) {
        it(`by ${way}: ${example[0]}`, async () => {
          const database = await server().freshDatabase();
          const client = await openMySql(database.url);
          const orm = await mySqlOrm(database.url, { onCreateConnection: async () => {} });
          const storage = way === 'Kysely' ? new SqlStorage(orm) : await connectMySql(database.url);
          await expectWaits(storage, (sql) => client.query(sql), example);
          await storage.close();
          await orm.close(true);
          await client.end();
          await database.drop();
        });
      }
    }
  });

  it('say so where a trigger of SQLite keeps them from being deleted', async () => {
    const orm = await applicationOrm();
    const trigger = 'create trigger kept before delete on koa_usage begin select raise(ignore); end';
    const run: Run = (sql) => orm.em.getConnection().execute(sql);
    await expectKept(new SqlStorage(orm), run, [trigger, 'drop trigger kept']);
    await orm.close(true);
  });

  it('count as deleted once where one is stored again meanwhile', async () => {
    const orm = await applicationOrm();
    const run: Run = (sql) => orm.em.getConnection().execute(sql);
    const storage = new SqlStorage(orm);
    for (const isErased of [true, false]) {
      await storage.store(makeRecords(250, { username: 'ada' }), signal);
      await run('create table again as select * from koa_usage order by date desc, id desc limit 1');
      await run(
        'create trigger again after delete on koa_usage when old.id = (select id from again) begin insert into koa_usage select * from again; delete from again; end',
      );
      if (isErased) expect(await storage.erase({ username: 'ada' }, signal)).to.include({ records: 250 });
      else expect(await storage.deleteUsage({ username: 'ada' }, 100, signal)).to.equal(100);
      expect(await storage.reader.countUsage()).to.equal(isErased ? 0 : 150);
      await run('drop trigger again');
      await run('drop table again');
    }
    await orm.close(true);
  });

  for (const example of SQLITE) {
    for (const [title, driver] of SQLITE_CLIENTS) {
      it(`on SQLite, on the event loop, by ${title}: ${example[0]}`, async () => {
        const orm = await applicationOrm({ driver });
        await expectWaits(new SqlStorage(orm), (sql) => orm.em.getConnection().execute(sql), example);
        await orm.close(true);
      });
    }

    it(`on SQLite, in the thread: ${example[0]}`, async () => {
      const folder = await temporaryFolder();
      const dbName = folder.file('usage.db');
      const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName });
      await expectWaits(storage, (sql) => executeNative(dbName, sql), example);
      await storage.close();
      await folder.remove();
    });
  }
});
