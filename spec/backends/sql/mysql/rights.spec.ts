import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

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
      await root.query(message.slice(message.indexOf('may run: ') + 'may run: '.length));
    };

    const keepsARecord = async (): Promise<void> => {
      const storage = await connectMySql(url);
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.getUsage()).to.deep.equal([record]);
      await storage.close();
    };

    it('says what to grant where the table is missing', async () => {
      await root.query(`grant select, insert, update on \`${database.name}\`.* to '${user}'@'%'`);
      const error = await refusal();
      expect(error.message).to.include("The table 'koa_usage' cannot be made: CREATE command denied to user");
      await runWhatItSays(error);
      await keepsARecord();
    });

    for (const [what, change] of [
      ['a column of a later version', 'alter table koa_usage drop column visitor'],
      ['the index', 'drop index koa_usage_date_id_index on koa_usage'],
    ] as const) {
      it(`says which SQL to run where the table lacks ${what}`, async () => {
        await (await connectMySql(database.url)).close();
        await root.query(change);
        await root.query(`grant select, insert, update on \`${database.name}\`.koa_usage to '${user}'@'%'`);
        const error = await refusal();
        expect(error.message).to.include("The table 'koa_usage' has to be changed: ");
        await runWhatItSays(error);
        await keepsARecord();
      });
    }
  });
});
