import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { type SqlStorage, defineUsage } from '../../../../src/backends/sql/index.js';
import { FILTERS } from '../../../../src/storage/usage-filters.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

describe('The option indexes on MySQL and MariaDB', () => {
  describeOnMySql(function (server, { connectMySql, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;
    const storages: SqlStorage[] = [];

    before(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
    });

    beforeEach(() => other.query('drop table if exists koa_usage'));

    afterEach(async () => {
      await Promise.all(storages.splice(0).map((storage) => storage.close()));
    });

    after(async () => {
      await other.end();
      await database.drop();
    });

    const connect = async (options: Parameters<typeof connectMySql>[1] = {}): Promise<SqlStorage> => {
      const storage = await connectMySql(database.url, options);
      storages.push(storage);
      return storage;
    };

    const found = async (table = 'koa_usage'): Promise<string[]> => {
      const [rows] = await other.query(`show index from \`${table}\``);
      return (rows as { Key_name: string; Column_name: string; Sub_part: number | null }[]).map((row) =>
        [row.Key_name, row.Column_name, row.Sub_part ?? ''].join(' ').trim(),
      );
    };

    it('makes those that are named, of long text by its beginning, and finds records by them', async () => {
      const all = FILTERS.filter((name) => name !== 'path');
      const storage = await connect({ indexes: all });
      expect(await found()).to.include.members([
        'koa_usage_route_date_id_index route 255',
        'koa_usage_route_date_id_index date',
        'koa_usage_route_date_id_index id',
        'koa_usage_username_date_id_index username',
        'koa_usage_server_name_date_id_index server_name',
        'koa_usage_bot_date_id_index bot',
      ]);
      const route = '/😀'.repeat(300);
      const records = [`${route}a`, `${route}b`, `${route}a `].map((given) => makeRecord({ route: given }));
      await storage.store(records, signal);
      for (const record of records)
        expect(await storage.reader.getUsage({ route: record.route })).to.deep.equal([record]);
    });

    it('uses them, although texts are compared to the last bit', async () => {
      const storage = await connect({ indexes: ['username', 'route', 'status'] });
      for (let user = 0; user < 20; user += 1)
        await storage.store(makeRecords(100, { username: `u${user}`, route: `/${user}` }), signal);
      await storage.store(makeRecords(5, { username: 'rare', route: '/rare', status: 503 }), signal);
      await other.query('analyze table koa_usage');
      await other.query("set explain_format = 'TRADITIONAL'").catch(() => {});
      for (const [condition, index] of [
        ["username = cast('rare' as binary)", 'username'],
        ["route = cast('/rare' as binary)", 'route'],
        ['status >= 500 and status < 600', 'status'],
      ] as const) {
        const [rows] = await other.query(
          `explain select * from koa_usage where ${condition} order by date desc, id desc limit 500`,
        );
        expect((rows as { key: string }[])[0]?.key).to.equal(`koa_usage_${index}_date_id_index`);
      }
    });

    it('makes them on a table that is there, several processes at once, while others write', async () => {
      const storage = await connect();
      await storage.store(makeRecords(2000), signal);
      const indexes = ['username', 'status'] as const;
      let isDone = false;
      const making = Promise.all(Array.from({ length: 5 }, () => connect({ indexes }))).then(
        () => (isDone = true),
      );
      await until(async () => {
        await storage.store([makeRecord()], signal);
        return isDone;
      }, 'all are connected');
      await making;
      expect((await found()).filter((line) => / (?:username|status)$/.test(line))).to.have.lengthOf(2);
    });

    it("are made by the application's MikroORM, of long text by its beginning, and found again", async () => {
      const usage = defineUsage('koa_usage');
      usage.addIndex({
        properties: ['route', 'date', 'id'],
        columns: [{ name: 'route', length: 255 }],
      });
      const orm = await mySqlOrm(database.url, { entities: [usage] });
      expect(await found()).to.include('koa_usage_route_date_id_index route 255');
      expect(await orm.schema.getUpdateSchemaSQL()).not.to.include('index');
      await orm.close(true);
      await connect({ indexes: ['route'] });
      expect(await found()).to.have.lengthOf(6);
    });

    it('shortens the names of those of a table with a long one, beside which there is room for one of summaries', async () => {
      const tableName = 't'.repeat(51);
      await connect({ tableName, indexes: ['username', 'serverName'] });
      const storage = await connect({ tableName, indexes: ['username', 'serverName'] });
      await storage.store(makeRecords(2), signal);
      expect(await found(`${tableName}_summary`)).to.include(`${tableName}_summary_span kind`);
      expect(new Set((await found(tableName)).map((line) => line.split(' ')[0])).size).to.equal(4);
    });
  });
});
