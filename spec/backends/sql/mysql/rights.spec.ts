import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import type { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { warningsOf } from '../../../support/warnings.js';

const { signal } = new AbortController();

describe('SqlStorage.connect on MySQL or MariaDB as a user who may not change the schema', () => {
  describeOnMySql(function (server, { connectMySql }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let root: Connection;
    let user: string;
    let url: string;

    beforeEach(async () => {
      database = await server().freshDatabase();
      root = await openMySql(database.url);
      user = database.name;
      await root.query(`create user '${user}'@'%' identified by 'hunter2'`);
      const { host, port } = server();
      url = `mysql://${user}:hunter2@${host}:${port}/${database.name}`;
    });

    afterEach(async () => {
      await root.query(`drop user '${user}'@'%'`);
      await root.end();
      await database.drop();
    });

    const refusal = async (): Promise<Error> => {
      const error = await caught(connectMySql(url));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.not.include('hunter2');
      return error;
    };

    const runWhatItSays = async ({ message }: Error): Promise<void> => {
      const [, sql = ''] = message.split(/ run: /);
      for (const statement of sql.split('; '))
        if (/^(create|alter) /.test(statement)) await root.query(statement);
    };

    /** Has the owner make both tables: the one of summaries comes with the first batch, even of no record. */
    const makeTables = async (): Promise<void> => {
      const owner = await connectMySql(database.url);
      await owner.store([], signal);
      await owner.close();
    };

    const grant = async (rights: string, table: string): Promise<unknown> =>
      root.query(`grant ${rights} on \`${database.name}\`.${table} to '${user}'@'%'`);

    const keepsARecord = async (): Promise<void> => {
      const storage = await connectMySql(url);
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    };

    it('says which SQL to run where the table is missing', async () => {
      await root.query(`grant select, insert, update on \`${database.name}\`.* to '${user}'@'%'`);
      const error = await refusal();
      expect(error.message).to.include("The table 'koa_usage' cannot be made: CREATE command denied to user");
      await runWhatItSays(error);
      await keepsARecord();
    });

    it('needs no right but to select with readOnly, and makes and changes nothing', async () => {
      const read = (): Promise<SqlStorage> => connectMySql(url, { readOnly: true });
      const definition = async (): Promise<unknown> => (await root.query('show create table koa_usage'))[0];
      await root.query(`grant select on \`${database.name}\`.* to '${user}'@'%'`);
      const missing = await caught(read());
      expect(missing).to.include({ code: 'STORAGE_SETUP' });
      expect(missing.message).to.match(/'koa_usage' cannot be read: .*doesn't exist.*without readOnly/);
      expect((await root.query('show tables'))[0]).to.deep.equal([]);

      const writer = await connectMySql(database.url);
      await root.query('drop index koa_usage_date_id_index on koa_usage');
      const before = await definition();
      const storage = await read();
      const record = makeRecord();
      await writer.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      expect(await caught(storage.store([record], signal))).to.include({ code: 'STORAGE_SETUP' });
      await storage.close();
      await writer.close();
      expect(await definition()).to.deep.equal(before);

      await root.query('alter table koa_usage drop column visitor');
      expect((await caught(read())).message).to.match(/Unknown column .*visitor/);
      await root.query(`revoke select on \`${database.name}\`.* from '${user}'@'%'`);
      await root.query(`grant insert on \`${database.name}\`.* to '${user}'@'%'`);
      const forbidden = await caught(read());
      expect(forbidden).to.include({ code: 'STORAGE_SETUP' });
      expect(forbidden.message).to.match(/SELECT command denied.*grant the user select on the table/);
    });

    it('has records wait until the table of summaries may be used, and says what to grant', async () => {
      await makeTables();
      await grant('select, insert, update', 'koa_usage');
      const storage = await connectMySql(url);
      const record = makeRecord();
      for (const rights of ['select', 'insert']) {
        const error = await caught(storage.store([record], signal));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message)
          .to.include("The table 'koa_usage_summary' cannot be used: ")
          .and.match(/command denied to user .*select, insert and delete/);
        await grant(rights, 'koa_usage_summary');
      }
      await grant('delete', 'koa_usage_summary');
      expect(await storage.store([record], signal)).to.deep.equal({ stored: 1, refused: [] });
      await storage.close();
    });

    it('keeps records without summaries where their table cannot be made, and says which SQL to run', async () => {
      await (await connectMySql(database.url)).close();
      await grant('select, insert, update', '*');
      const warnings = await warningsOf(keepsARecord);
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.match(
        /there are no summaries.* 'koa_usage_summary' cannot be used: CREATE command denied to user/,
      );
      await runWhatItSays(new Error(warnings[0]));
      await grant('delete', 'koa_usage_summary');
      await root.query('delete from koa_usage');
      expect(await warningsOf(keepsARecord)).to.deep.equal([]);
      const [rows] = await root.query('select kind from koa_usage_summary');
      expect(rows).to.deep.equal([{ kind: 'touched' }]);
    });

    for (const [what, change] of [
      ['a column of a later version', 'alter table koa_usage drop column visitor'],
      ['the index', 'drop index koa_usage_date_id_index on koa_usage'],
    ] as const) {
      it(`says which SQL to run where the table lacks ${what}`, async () => {
        await makeTables();
        await root.query(change);
        await grant('select, insert, update', 'koa_usage');
        await grant('select, insert, delete', 'koa_usage_summary');
        const error = await refusal();
        expect(error.message).to.include("The table 'koa_usage' has to be changed: ");
        await runWhatItSays(error);
        await keepsARecord();
      });
    }
  });
});
