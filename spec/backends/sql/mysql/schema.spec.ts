import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { TrackUsageError } from '../../../../src/errors.js';
import { TEXT_LIMITS } from '../../../../src/record/limits.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

/** A record that needs all that its columns should hold. */
const demandingRecord = () =>
  makeRecord({
    durationMs: 1.1234567890123457,
    weight: 1.5,
    status: 599,
    requestBytes: 2 ** 40,
    route: null,
    username: '😀'.repeat(TEXT_LIMITS.username / 2),
    trackVar: { text: '😀'.repeat(500) },
  });

describe('SqlStorage.connect on a table of MySQL or MariaDB that is there', () => {
  describeOnMySql(function (server, { connectMySql }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;

    before(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
    });

    beforeEach(async () => {
      await other.query('drop table if exists koa_usage');
      await (await connectMySql(database.url)).close();
    });

    after(async () => {
      await other.end();
      await database.drop();
    });

    const keepsRecords = async (): Promise<void> => {
      const storage = await connectMySql(database.url);
      const record = demandingRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    };

    for (const [change, says] of [
      ['modify weight int not null', /column weight is int\b.*, which does not hold double/],
      ['modify duration_ms float not null', /column duration_ms is float,/],
      ['modify duration_ms double(10,2) not null', /column duration_ms is double\(10,2\),/],
      ['modify id varchar(20) not null', /column id is varchar\(20\) .*, which does not hold varchar\(36\)/],
      ['modify status tinyint', /column status is tinyint\b.*, which does not hold int/],
      ['modify request_bytes int', /column request_bytes is int\b.*, which does not hold bigint/],
      ['modify track_var varchar(10)', /column track_var is varchar\(10\) .*, which does not hold json/],
      ['modify date datetime not null', /column date is datetime, which does not hold datetime\(3\)/],
      ['modify date timestamp(3) not null', /column date is timestamp\(3\),/],
      ['modify route varchar(20)', /column route is varchar\(20\) collate utf8mb4_\w+,/],
      [
        'modify url varchar(4096) character set latin1 not null',
        /column url is varchar\(4096\) collate latin1_/,
      ],
      ['modify route text character set utf8mb3', /column route is text collate utf8(mb3)?_/],
      ['modify track_var text character set latin1', /column track_var is text collate latin1_/],
      ['modify username char(255)', /column username is char\(255\),/],
      ['modify username varchar(3) not null', /column username does not take null; its column username is /],
      ['modify route varchar(2000) collate utf8mb4_bin not null', /column route does not take null/],
      ["add tenant enum('a', 'b') not null", /demands values for tenant/],
      ['drop column weight', /lacks the columns weight/],
      ['drop primary key', /primary key is not the column id/],
    ] as const) {
      it(`says which SQL puts right: ${change}`, async () => {
        await other.query(`alter table koa_usage ${change}`);
        const error = await caught(connectMySql(database.url));
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(says);
        const sql = error.message.slice(error.message.indexOf('run: ') + 5, -1);
        for (const statement of sql.split('; ')) await other.query(statement);
        await keepsRecords();
      });
    }

    it('gives the rows that are there a weight of one', async () => {
      const storage = await connectMySql(database.url);
      const record = makeRecord({ weight: 1 });
      await storage.store([record], signal);
      await other.query('alter table koa_usage drop column weight');
      const { message } = await caught(connectMySql(database.url));
      await other.query(message.slice(message.indexOf('run: ') + 5, -1));
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('takes wider columns, and further ones that demand nothing', async () => {
      await other.query(
        'alter table koa_usage modify url text character set utf8mb4 not null, modify status bigint unsigned, ' +
          'modify bot int not null, modify query text character set utf8mb4, ' +
          "add note text, add tenant varchar(9) not null default 'a', add twice int as (status * 2), " +
          'add nr int not null auto_increment unique, modify date datetime(6) not null, modify username text',
      );
      await keepsRecords();
    });

    for (const change of [
      'drop primary key, add primary key (id, date)',
      'add nr int auto_increment not null, drop primary key, add primary key (nr)',
    ]) {
      it(`gives no SQL where another column is the key: ${change}`, async () => {
        await other.query(`alter table koa_usage ${change}`);
        const { message } = await caught(connectMySql(database.url));
        expect(message).to.include('its primary key is not the column id').and.not.include('run:');
      });
    }

    it('knows the character set of a table whose columns do not name theirs', async () => {
      await other.query('alter table koa_usage modify username varchar(255), character set latin1');
      const { message } = await caught(connectMySql(database.url));
      expect(message).to.match(/its column username is varchar\(255\) collate latin1_/);
    });

    it('gives no SQL for a view, which has no key', async () => {
      await other.query('create view usage_view as select * from koa_usage');
      const error = await caught(connectMySql(database.url, { tableName: 'usage_view' }));
      await other.query('drop view usage_view');
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('is a view').and.include('another tableName').and.not.include('run:');
    });

    it('gives no SQL for a table that has nothing of ours', async () => {
      await other.query('drop table koa_usage');
      await other.query('create table koa_usage (name varchar(20) primary key)');
      const error = await caught(connectMySql(database.url));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('another tableName').and.not.include('run:');
    });
  });
});
