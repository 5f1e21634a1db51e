import type { MikroORM } from '@mikro-orm/core';
import type { Client } from 'pg';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../support/postgresql.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeFidelity } from './fidelity.js';
import { describeStorageContract } from './storage-contract.js';
import { describeWriting } from './writing.js';

describeOn('postgresql', (server) => {
  let database: FreshDatabase;
  let client: Client;

  before(async () => {
    database = await server().freshDatabase();
    client = await postgresClient(database);
  });

  after(async () => {
    await client.end();
    await database.drop();
  });

  const run = async (sql: string): Promise<void> => {
    await client.query(sql);
  };

  describeStorageContract('SqlStorage on a PostgreSQL connection of its own', async () => {
    let storage = await connectPostgres(database);
    return {
      storage,
      async reopen() {
        await storage.close();
        storage = await connectPostgres(database);
        return storage;
      },
      async close() {
        await storage.close();
        await run('truncate koa_usage');
      },
    };
  });

  describe("on the application's MikroORM", () => {
    let orm: MikroORM;

    before(async () => {
      orm = await initPostgresOrm(database);
      await orm.schema.update();
    });

    after(() => orm.close(true));

    describeStorageContract("SqlStorage on the application's MikroORM on PostgreSQL", async () => {
      const storage = new SqlStorage(orm);
      return {
        storage,
        async reopen() {
          await storage.close();
          return new SqlStorage(orm);
        },
        close: () => run('truncate koa_usage'),
      };
    });
  });

  describe("SqlStorage on the application's MikroORM that makes its connections ready", () => {
    let orm: MikroORM;

    before(async () => {
      orm = await initPostgresOrm(database, { onReserveConnection: async () => {} });
      await orm.schema.update();
    });

    after(() => orm.close(true));

    const open = async () => ({ storage: new SqlStorage(orm), close: () => run('truncate koa_usage') });
    describeWriting(open);
    describeFidelity(open);
  });
});
