import { expect } from 'chai';
import type { Client } from 'pg';
import type { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { warningsOf } from '../../../support/warnings.js';

const { signal } = new AbortController();

describeOn('postgresql', (server) => {
  describe('SqlStorage for a role that may do little', () => {
    let database: FreshDatabase;
    let client: Client;
    let role: string;

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
      role = `${database.name}_writer`;
      // Before PostgreSQL 15, everybody may make tables there.
      await client.query('revoke create on schema public from public');
      await client.query(`create role ${role} login password 'pw'`);
    });

    beforeEach(() => client.query('drop table if exists koa_usage, koa_usage_summary'));

    after(async () => {
      await client.query(`drop owned by ${role}; drop role ${role}`);
      await client.end();
      await database.drop();
    });

    const connect = (): Promise<SqlStorage> => connectPostgres(database, { user: role, password: 'pw' });

    const runAdvice = async (error: Error): Promise<void> => {
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      await client.query(error.message.slice(error.message.search(/[Rr]un: /) + 5).replace('Run: ', ''));
    };

    /** Has the owner make both tables, and grants rights: the table of summaries comes with the first batch, even of no record. */
    const makeTables = async (rights = '', summaryRights = 'select, insert, delete'): Promise<void> => {
      const owner = await connectPostgres(database);
      await owner.store([], signal);
      await owner.close();
      if (rights !== '') await client.query(`grant ${rights} on koa_usage to ${role}`);
      if (summaryRights !== '') await client.query(`grant ${summaryRights} on koa_usage_summary to ${role}`);
    };

    it('says what to grant to make the table, to write into one, and to change it', async () => {
      await runAdvice(await caught(connect()));
      await (await connect()).close();
      await client.query(`drop table koa_usage; revoke create on schema public from ${role}`);

      await makeTables();
      await runAdvice(await caught(connect()));
      const storage = await connect();
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();

      await client.query('alter table koa_usage drop column visitor');
      const error = await caught(connect());
      expect(error.message).to.match(/must be owner.*alter table "koa_usage" add "visitor"/);
      await runAdvice(error);
      await (await connect()).close();
    });

    it('says what to grant when a right is taken away, and goes on when it is back', async () => {
      await makeTables('insert, select');
      const storage = await connect();
      await client.query(`revoke insert on koa_usage from ${role}`);
      const records = makeRecords(2);
      const error = await caught(storage.store(records, signal));
      expect(error.message).to.include(`grant insert, select on "koa_usage" to "${role}"`);
      await runAdvice(error);
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 2, refused: [] });
      await storage.close();
    });

    it('needs no right but to select with readOnly, and makes and changes nothing', async () => {
      const read = (): Promise<SqlStorage> =>
        connectPostgres(database, { user: role, password: 'pw', readOnly: true });
      const relations = async (): Promise<unknown[]> =>
        (
          await client.query(
            `select relname, relnatts from pg_class where relnamespace = 'public'::regnamespace`,
          )
        ).rows;
      const missing = await caught(read());
      expect(missing).to.include({ code: 'STORAGE_SETUP' });
      expect(missing.message).to.match(
        /'koa_usage' cannot be read: .*"koa_usage" does not exist.*without readOnly/,
      );
      expect(await relations()).to.deep.equal([]);

      const writer = await connectPostgres(database);
      const forbidden = await caught(read());
      expect(forbidden).to.include({ code: 'STORAGE_SETUP' });
      expect(forbidden.message).to.match(/permission denied.*grant the user select on the table/);
      await client.query(`grant select on koa_usage to ${role}; drop index koa_usage_date_id_index`);
      const before = await relations();
      const storage = await read();
      const records = makeRecords(3);
      await writer.store(records, signal);
      await writer.close();
      await client.query('drop table koa_usage_summary');
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
      expect(await storage.reader.countUsage({ status: 200 })).to.equal(3);
      expect(await caught(storage.store(makeRecords(1), signal))).to.include({ code: 'STORAGE_SETUP' });
      await storage.close();
      expect(await relations()).to.deep.equal(before);

      await client.query('alter table koa_usage drop column visitor');
      expect((await caught(read())).message).to.match(/column .*visitor does not exist/);
    });

    it('has records wait until the table of summaries may be used, and says what to grant', async () => {
      await makeTables('insert, select', '');
      const storage = await connect();
      const records = makeRecords(2);
      for (const rights of ['select', 'insert']) {
        const error = await caught(storage.store(records, signal));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(
          /^The table 'koa_usage_summary' cannot be used: permission denied .*select, insert and delete/,
        );
        await client.query(`grant ${rights} on koa_usage_summary to ${role}`);
      }
      await client.query(`grant delete on koa_usage_summary to ${role}`);
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 2, refused: [] });
      await storage.close();
    });

    it('keeps records without summaries where their table cannot be made, and says which SQL to run', async () => {
      await (await connectPostgres(database)).close();
      await client.query(`grant insert, select on koa_usage to ${role}`);
      const store = async (): Promise<void> => {
        const storage = await connect();
        expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
        await storage.close();
      };
      const warnings = await warningsOf(store);
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.match(
        /there are no summaries.* 'koa_usage_summary' cannot be used: permission denied for schema public/,
      );
      const [, sql = ''] = /somebody run: (.*); Grant the user/.exec(warnings[0] ?? '') ?? [];
      await client.query(sql);
      await client.query(`grant select, insert, delete on koa_usage_summary to ${role}`);
      expect(await warningsOf(store)).to.deep.equal([]);
      const indexes = await client.query(
        `select indexname from pg_indexes where tablename = 'koa_usage_summary' order by indexname`,
      );
      expect(indexes.rows).to.deep.equal([
        { indexname: 'koa_usage_summary_pkey' },
        { indexname: 'koa_usage_summary_span' },
      ]);
      expect((await client.query('select kind from koa_usage_summary')).rows).to.deep.equal([
        { kind: 'touched' },
      ]);
    });

    it('says which policy to make when row-level security keeps records out, and goes on when it is there', async () => {
      await makeTables('insert, select');
      const storage = await connect();
      await client.query('alter table koa_usage enable row level security');
      const records = makeRecords(2);
      const error = await caught(storage.store(records, signal));
      expect(error.message).to.include('violates row-level security policy');
      await runAdvice(error);
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 2, refused: [] });
      expect(await storage.reader.getUsage()).to.have.lengthOf(2);
      await storage.close();
    });

    it('needs the right to delete for nothing but deleting', async () => {
      await makeTables('insert, select');
      const storage = await connect();
      await storage.store(makeRecords(2), signal);
      const deletion = (): Promise<number> => storage.deleteBefore(new Date('2027-01-01'), 10, signal);
      const error = await caught(deletion());
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('grant select and delete on the table');
      await client.query(`grant delete on koa_usage to ${role}`);
      expect(await deletion()).to.equal(2);
      await storage.close();
    });
  });
});
