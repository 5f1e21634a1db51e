import { MySqlDriver } from '@mikro-orm/mysql';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

describe('SqlStorage.connect to MySQL or MariaDB', () => {
  describeOnMySql(function (server, { driver, connectMySql, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;

    beforeEach(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
    });

    afterEach(async () => {
      await other.end();
      await database.drop();
    });

    it('lets several make the table at once', async () => {
      const storages = await Promise.all([1, 2, 3, 4].map(() => connectMySql(database.url)));
      await Promise.all(storages.map((storage) => storage.store([makeRecord()], signal)));
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(4);
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('lets several add what a later version brings at once', async () => {
      await (await connectMySql(database.url)).close();
      await other.query(
        'alter table koa_usage drop column visitor, drop column track_var, drop index koa_usage_date_id_index',
      );
      const storages = await Promise.all([1, 2, 3, 4].map(() => connectMySql(database.url)));
      await Promise.all(storages.map((storage) => storage.store([makeRecord({ visitor: 'v' })], signal)));
      expect(await storages[0]?.reader.getUsage()).to.have.lengthOf(4);
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('refuses a schema, as the server has none beside its databases', async () => {
      const error = await caught(connectMySql(database.url, { schema: 'stats' }));
      expect(error).to.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.include("'schema' is 'stats'").and.include("'dbName'");
    });

    it('takes host, port, user and password instead of a URL', async () => {
      const { host, port, user, password } = server();
      const storage = await SqlStorage.connect({
        driver,
        dbName: database.name,
        host,
        port,
        user,
        password,
      });
      await storage.store([makeRecord()], signal);
      await storage.close();
    });

    it('keeps emoji in a database of latin1', async () => {
      await other.query(`alter database \`${database.name}\` character set latin1`);
      const storage = await connectMySql(database.url);
      const record = makeRecord({ username: '👩‍👩‍👧‍👦' });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage({ username: '👩‍👩‍👧‍👦' })).to.deep.equal([record]);
      await storage.close();
    });

    it('names user and database, and no password, when they are wrong', async () => {
      const { host, port, user } = server();
      const options = { clientUrl: undefined, dbName: database.name, host, port, user, password: 'pA55word' };
      const wrong = await caught(SqlStorage.connect({ driver, ...options }));
      expect(wrong).to.include({ code: 'STORAGE_SETUP' });
      expect(wrong.message)
        .to.match(/Check the user and the password/)
        .and.not.include('pA55word');
      const missing = await caught(connectMySql(server().url('no_such_db')));
      expect(missing.message).to.match(/Make the database first/);
    });

    it('says so where the server lets nobody in without TLS', async () => {
      await other.query('set global require_secure_transport = on');
      const refused = await caught(connectMySql(database.url));
      await other.query('set global require_secure_transport = off');
      expect(refused.message).to.include('Check the user and the password, and that the server lets them in');
    });

    if (driver === MySqlDriver) {
      it('says so where the server no longer knows the kind of the password', async () => {
        const user = `n_${database.name.slice(-12)}`;
        await other.query(`create user ${user} identified by 'pA55word'`);
        await other.query(`update mysql.user set plugin = 'mysql_native_password' where user = '${user}'`);
        await other.query('flush privileges');
        const url = Object.assign(new URL(database.url), { username: user, password: 'pA55word' });
        const refused = await caught(connectMySql(url.href));
        await other.query(`drop user ${user}`);
        expect(refused.message).to.match(/'mysql_native_password' is not loaded\. Check the user/);
      });
    }

    it('adds a column that may be null and the index, and leaves the schema as the ORM wants it', async () => {
      await (await connectMySql(database.url)).close();
      await other.query('alter table koa_usage drop column visitor, drop index koa_usage_date_id_index');
      const storage = await connectMySql(database.url);
      await storage.store([makeRecord({ visitor: 'v' })], signal);
      expect(await storage.reader.getUsage()).to.have.lengthOf(1);
      await storage.close();
      const [rows] = await other.query(
        "show index from koa_usage where key_name = 'koa_usage_date_id_index'",
      );
      expect(rows).to.have.lengthOf(2);
    });

    it("leaves nothing for the application's migrations to change", async () => {
      const orm = await mySqlOrm(database.url);
      const sql = await orm.schema.getUpdateSchemaSQL({ wrap: false });
      await orm.close(true);
      expect(sql.trim()).to.equal('');
    });
  });
});
