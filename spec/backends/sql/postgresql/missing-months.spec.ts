import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import type pg from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { ids, storeAll } from '../../../../src/testing/contract/steps.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { monthFromNow, nameOf, namesAhead, partitionsOf, recordAt } from '../../../support/months.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

const OLD = ['2024-01-31T23:59:59.999Z', '2024-02-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z'];

describeOn('postgresql', (server) => {
  describe('Months of PostgreSQL that are missing', () => {
    let database: FreshDatabase;
    let client: pg.Client;
    let owner: SqlStorage;
    const storages: SqlStorage[] = [];

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
    });

    beforeEach(async () => {
      owner = await connect();
    });

    afterEach(async () => {
      await Promise.all(storages.splice(0).map((storage) => storage.close()));
      await client.query('drop table if exists koa_usage, koa_usage_summary, koa_usage_2024_02');
    });

    after(async () => {
      await client.end();
      await database.drop();
    });

    const connect = async (options: Parameters<typeof connectPostgres>[1] = { partition: 'month' }) => {
      const storage = await connectPostgres(database, options);
      storages.push(storage);
      return storage;
    };

    const partitions = (): Promise<string[]> => partitionsOf(client);

    /** A role that may read and insert, and the options to connect as it. */
    async function makeRole() {
      const user = `${database.name}_writer`;
      await client.query(`create role ${user} login password 'pw'`);
      await client.query(`grant select, insert on all tables in schema public to ${user}`);
      return { user, password: 'pw', partition: 'month' } as const;
    }

    const dropRole = (user: string) => client.query(`drop owned by ${user} cascade; drop role ${user}`);

    /** Runs the SQL that an error ends with. */
    const runAdvice = ({ message }: Error) =>
      client.query(message.slice(message.indexOf('run: ') + 'run: '.length));

    it('has records wait where a month is missing and may not be made, and says what to run', async () => {
      await storeAll(owner, [recordAt(new Date().toJSON())]);
      const poor = await makeRole();
      await client.query(`drop table ${nameOf(monthFromNow(2))}`);
      const unready = await caught(connect(poor));
      expect(unready).to.include({ code: 'STORAGE_SETUP' });
      await runAdvice(unready);
      const storage = await connect(poor);
      const record = recordAt('2024-02-29T12:00:00.000Z');
      const waiting = await caught(storage.store([record], signal));
      expect(waiting).to.include({ code: 'STORAGE_SETUP' });
      await runAdvice(waiting);
      await storeAll(storage, [record]);
      expect(await partitions()).to.deep.equal(['koa_usage_2024_02', ...namesAhead(3)]);
      await storage.close();
      await dropRole(poor.user);
    });

    it('makes months where the user has the rights that the error names', async () => {
      await storeAll(owner, [recordAt(new Date().toJSON())]);
      const poor = await makeRole();
      await client.query(`drop table ${nameOf(monthFromNow(2))}`);
      for (const right of ['alter table koa_usage owner to', 'grant create on schema public to']) {
        const { message } = await caught(connect(poor));
        expect(message).to.include('Let the user own the table and create others in its schema, or');
        await client.query(`${right} ${poor.user}`);
      }
      const storage = await connect(poor);
      expect(await partitions()).to.deep.equal(namesAhead(3));
      await storage.close();
      await dropRole(poor.user);
    });

    it('has records wait where their month was detached by hand, and says what to run', async () => {
      const [record, late] = [recordAt(OLD[1] as string), recordAt(OLD[2] as string)];
      await storeAll(owner, [record]);
      await client.query('alter table koa_usage detach partition koa_usage_2024_02');
      const waiting = await caught(owner.store([late], signal));
      expect(waiting).to.include({ code: 'STORAGE_SETUP' });
      expect(await owner.reader.countUsage()).to.equal(0);
      await runAdvice(waiting);
      await storeAll(owner, [late]);
      expect(ids(await owner.reader.getUsage())).to.deep.equal(ids([late, record]));
      await client.query(
        'alter table koa_usage detach partition koa_usage_2024_02; alter table koa_usage_2024_02 rename to kept',
      );
      await storeAll(owner, [late]);
      await client.query('drop table kept');
    });

    it('has records wait, and asks nobody to do anything, where a month cannot be made just now', async () => {
      await storeAll(owner, [recordAt(new Date().toJSON())]);
      await client.query(`
        create function never() returns event_trigger language plpgsql as $$ begin raise lock_not_available; end $$;
        create event trigger never on ddl_command_start when tag in ('CREATE TABLE') execute function never()`);
      const record = recordAt(OLD[0] as string);
      const error = await caught(owner.store([record], signal));
      await client.query('drop event trigger never; drop function never');
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include("table 'koa_usage' cannot be written now");
      await storeAll(owner, [record]);
    });

    it('has records wait where the table is but one partition, and says so', async () => {
      await storeAll(owner, [recordAt(OLD[1] as string)]);
      const storage = await SqlStorage.connectToExisting({
        driver: PostgreSqlDriver,
        clientUrl: database.url,
        tableName: 'koa_usage_2024_02',
      });
      storages.push(storage);
      const error = await caught(storage.store([recordAt(OLD[0] as string)], signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('name the table that it is of');
    });
  });
});
