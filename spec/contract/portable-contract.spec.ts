import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import type { Client } from 'pg';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPortable } from '../support/portable.js';
import { postgresClient } from '../support/postgresql.js';
import { poisonConstraint } from '../support/poison.js';
import type { FreshDatabase } from '../support/servers.js';
import { applicationOrm, initOrm, poisonTrigger, temporaryFolder } from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

const connectNode = (file: string): Promise<SqlStorage> =>
  SqlStorage.connect({
    driver: AnySqliteDriver,
    dbName: file,
    driverOptions: new NodeSqliteDialect(file),
  });

describeStorageContract(
  'SqlStorage on SQLite by node:sqlite, on a connection of its own',
  async () => {
    const folder = await temporaryFolder();
    const file = folder.file('usage.db');
    const opened: SqlStorage[] = [];
    const open = async (): Promise<SqlStorage> => {
      const storage = await connectNode(file);
      opened.push(storage);
      return storage;
    };
    const storage = await open();
    return {
      storage,
      async reopen() {
        await storage.close();
        return open();
      },
      openAnother: open,
      async poison(ids) {
        const orm = await initOrm({ driver: AnySqliteDriver, driverOptions: new NodeSqliteDialect(file) });
        await orm.em.getConnection().execute(poisonTrigger(ids));
        await orm.close(true);
      },
      async close() {
        await Promise.all(opened.map((one) => one.close()));
        await folder.remove();
      },
    };
  },
  ['reopenInOtherZone'],
);

describeStorageContract(
  "SqlStorage on SQLite by node:sqlite, on the application's MikroORM",
  async () => {
    const orm = await applicationOrm({
      driver: AnySqliteDriver,
      driverOptions: new NodeSqliteDialect(':memory:'),
    });
    const storage = new SqlStorage(orm);
    return {
      storage,
      async reopen() {
        await storage.close();
        return new SqlStorage(orm);
      },
      openAnother: async () => new SqlStorage(orm),
      async poison(ids) {
        await orm.em.getConnection().execute(poisonTrigger(ids));
      },
      close: () => orm.close(true),
    };
  },
  ['reopenInOtherZone'],
);

describeOn('postgresql', (server) => {
  let database: FreshDatabase;
  let client: Client;
  let tables = 0;

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

  describeStorageContract('SqlStorage on PostgreSQL by the portable writer', async () => {
    const tableName = `usage_${(tables += 1)}`;
    const open = (): Promise<SqlStorage> =>
      connectPortable({ driver: PostgreSqlDriver, clientUrl: database.url }, tableName);
    const opened: SqlStorage[] = [];
    const openOne = async (): Promise<SqlStorage> => {
      const storage = await open();
      opened.push(storage);
      return storage;
    };
    const storage = await openOne();
    const reopen = async (): Promise<SqlStorage> => {
      await storage.close();
      return openOne();
    };
    return {
      storage,
      reopen,
      openAnother: openOne,
      poison: (ids) => run(poisonConstraint(ids, tableName)),
      async reopenInOtherZone() {
        await run(`alter database "${database.name}" set timezone = 'Pacific/Chatham'`);
        return reopen();
      },
      async close() {
        await Promise.all(opened.map((one) => one.close()));
        await run(`alter database "${database.name}" reset timezone`);
      },
    };
  });
});
