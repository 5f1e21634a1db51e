import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { expect } from 'chai';
import { MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { SqlStorage, type SqlStorageOptions, Usage } from '../../../../src/backends/sql/index.js';
import { encodeCursor } from '../../../../src/storage/usage-cursor.js';
import { resolveUsagePageQuery, scopeOf } from '../../../../src/storage/usage-query.js';
import { QUOTING_TEXTS } from '../../../support/hostile-values.js';
import { describeOnMySql, type MySqlClient, openMySql } from '../../../support/mysql.js';
import { assumePortable } from '../../../support/portable.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

/** What Kysely gives mysql2, that writes into the text of a statement. */
const throughKysely = ({ url, name }: FreshDatabase, driver: MySqlClient['driver']): SqlStorageOptions => ({
  driver,
  dbName: name,
  driverOptions: new MysqlDialect({ pool: createPool({ uri: url, dateStrings: true }) }),
});

describe('SqlStorage in the modes of MySQL or MariaDB', () => {
  describeOnMySql(function (server, { driver, connectMySql, mySqlOrm }) {
    this.timeout(60_000);
    let database: FreshDatabase;
    let other: Connection;

    before(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
      await other.query('set @before = @@global.sql_mode');
    });

    after(async () => {
      await other.query('set global sql_mode = @before');
      await other.end();
      await database.drop();
    });

    const openers: [string, (orm: MikroORM) => Promise<SqlStorage>][] = [
      ['a connection of its own', () => connectMySql(database.url)],
      ["the application's MikroORM", (orm) => Promise.resolve(new SqlStorage(orm))],
      ['MikroORM alone', assumePortable],
      ['a dialect of Kysely', () => SqlStorage.connect(throughKysely(database, driver))],
    ];

    for (const mode of ['NO_BACKSLASH_ESCAPES', 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES', '', 'ANSI_QUOTES']) {
      for (const [title, open] of openers) {
        describe(`${mode || 'none'}, on ${title}`, () => {
          let storage: SqlStorage;
          let orm: MikroORM;
          const records = QUOTING_TEXTS.map((username) => makeRecord({ username, query: { q: username } }));

          before(async () => {
            await other.query('set global sql_mode = ?', [mode]);
            orm = await mySqlOrm(database.url);
            storage = await open(orm);
            await storage.store(records, signal);
          });

          after(async () => {
            await storage.close();
            await orm.close(true);
          });

          it('finds what was asked for, whatever strangers are called', async () => {
            for (const record of records) {
              const username = record.username as string;
              expect(await storage.reader.countUsage({ username }), username).to.equal(1);
              expect(await storage.reader.getUsage({ username })).to.deep.equal([record]);
              const streamed: unknown[] = [];
              for await (const one of storage.reader.streamUsage({ username })) streamed.push(one);
              expect(streamed).to.deep.equal([record]);
              expect(await storage.reader.countUsage({ method: username, route: username })).to.equal(0);
            }
          });

          it('finds and deletes the same through MikroORM', async () => {
            const em = orm.em.fork();
            for (const { id, username } of records) {
              expect(await em.count(Usage, { username }), String(username)).to.equal(1);
              expect(await em.find(Usage, { username: { $in: [username as string] } })).to.have.lengthOf(1);
              expect(await em.count(Usage, { username: { $gte: username, $lte: username } })).to.equal(1);
              expect(await em.count(Usage, { id: `${username}` })).to.equal(0);
              expect((await em.findOneOrFail(Usage, id)).username).to.equal(username);
              expect(await em.nativeDelete(Usage, { path: String(username) })).to.equal(0);
            }
            expect(await em.count(Usage, { username: { $like: "x' or 1=1%" } })).to.equal(1);
            expect(await em.count(Usage, { username: { $like: "a'b" } })).to.equal(1);
          });

          it('keeps within the filters with a cursor that somebody made', async () => {
            const query = { username: "a'b", limit: 2 };
            const position = { date: new Date('2100-01-01'), id: "x'or(1=1))#" };
            const cursor = encodeCursor(position, scopeOf(resolveUsagePageQuery(query)));
            const { items } = await storage.reader.getUsagePage({ ...query, cursor });
            expect(items.map(({ username }) => username)).to.deep.equal(["a'b"]);
          });

          it('deletes what is old, and nothing else, whatever its id is', async () => {
            const date = new Date('2020-01-01T00:00:00.000Z');
            const old = ["o' or 1=1 -- ", 'o\\', "o\\'", "o\\' or 1=1)#"].map((id) =>
              makeRecord({ id, date }),
            );
            await storage.store(old, signal);
            await storage.store(old, signal);
            expect(await storage.reader.countUsage()).to.equal(records.length + old.length);
            expect(await storage.deleteBefore(new Date('2021-01-01'), 100, signal)).to.equal(old.length);
            expect(await storage.reader.countUsage()).to.equal(records.length);
          });
        });
      }
    }

    it('finds ids by their index', async () => {
      const orm = await mySqlOrm(database.url);
      await new SqlStorage(orm).store(makeRecords(50), signal);
      const qb = (orm.em.fork() as SqlEntityManager).qb(Usage);
      const sql = qb.where({ id: { $in: ['a', 'b'] } }).getFormattedQuery();
      const [plan] = await other.query(`explain format=traditional ${sql}`);
      await orm.close(true);
      expect((plan as { key: string }[])[0]?.key).to.equal('PRIMARY');
    });
  });
});
