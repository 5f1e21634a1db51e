import { expect } from 'chai';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { describeOn } from '../../support/describe-on.js';
import { FaultLane } from '../../support/fault-lane.js';
import { mySqlOrm } from '../../support/mysql.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../support/postgresql.js';
import type { FreshDatabase } from '../../support/servers.js';

/** Has a storage store batches of which its server ends each for the time that it takes. */
async function storeSlowly(storage: SqlStorage): Promise<void> {
  const lane = new FaultLane(storage, { attemptTimeoutMs: 10_000 });
  lane.accept(300);
  await lane.stored();
  const codes = new Set(lane.errors.map((error) => (error as { code?: unknown }).code));
  expect([...codes]).to.deep.equal(['STORAGE_TIMEOUT']);
  const records = await storage.reader.getUsage();
  expect(records.map(({ id }) => id).toSorted()).to.deep.equal(lane.ids);
  await lane.pipeline.close(0);
}

describe('SqlStorage on a server that ends statements as long as a batch takes', () => {
  describeOn('postgresql', (server) => {
    let database: FreshDatabase;

    beforeEach(async () => {
      database = await server().freshDatabase();
      await (await connectPostgres(database)).close();
      const client = await postgresClient(database);
      await client.query(
        `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.003); return new; end $$;
         create trigger slow before insert on koa_usage for each row execute function slow();
         alter database "${database.name}" set statement_timeout = '200ms'`,
      );
      await client.end();
    });

    afterEach(() => database.drop());

    it('stores all in smaller pieces, on a connection of its own', async () => {
      const storage = await connectPostgres(database);
      await storeSlowly(storage);
      await storage.close();
    });

    for (const [title, options] of [
      ["on the application's MikroORM", {}],
      ['through its hooks', { onCreateConnection: () => Promise.resolve() }],
    ] as const) {
      it(`stores all in smaller pieces, ${title}`, async () => {
        const orm = await initPostgresOrm(database, options);
        await storeSlowly(new SqlStorage(orm));
        await orm.close(true);
      });
    }

    it('takes a limit of its client for a time-out too', async () => {
      const orm = await initPostgresOrm(database, { driverOptions: { query_timeout: 150 } });
      await storeSlowly(new SqlStorage(orm));
      await orm.close(true);
    });
  });

  // MySQL has no such limit for statements that write.
  describeOn('mariadb', (server) => {
    it('stores all in smaller pieces', async () => {
      const database = await server().freshDatabase();
      const orm = await mySqlOrm(database.url, { pool: { min: 0, max: 1 } });
      const connection = orm.em.getConnection();
      await connection.execute(
        'create trigger slow before insert on koa_usage for each row set new.weight = new.weight + sleep(0.003)',
      );
      await connection.execute('set max_statement_time = 0.2');
      await storeSlowly(new SqlStorage(orm));
      await orm.close(true);
      await database.drop();
    });
  });
});
