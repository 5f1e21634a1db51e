import { expect } from 'chai';
import type pg from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

describe('The schema that a URL of PostgreSQL names', () => {
  describeOn('postgresql', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let client: pg.Client;

    beforeEach(async () => {
      const fresh = await server().freshDatabase();
      database = { ...fresh, url: `${fresh.url}?schema=usage` };
      client = await postgresClient(fresh);
    });

    afterEach(async () => {
      await client.end();
      await database.drop();
    });

    const holds = async (storage: SqlStorage): Promise<void> => {
      const record = makeRecord();
      await storage.store([record], signal);
      expect((await storage.reader.getUsage()).map(({ id }) => id)).to.include(record.id);
      const { rows } = await client.query('select id from usage.koa_usage');
      expect(rows).to.deep.include({ id: record.id });
    };

    it('is where a connection of its own keeps records, each time', async () => {
      for (const time of ['first', 'second']) {
        const storage = await connectPostgres(database, { name: time });
        await holds(storage);
        await storage.close();
      }
    });

    it('is where the application’s MikroORM keeps them, though it has not connected yet', async () => {
      const orm = await initPostgresOrm(database);
      const storage = new SqlStorage(orm);
      await orm.schema.create();
      await holds(storage);
      await orm.close(true);
    });
  });
});
