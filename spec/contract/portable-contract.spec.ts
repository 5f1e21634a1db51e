import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPortable } from '../support/portable.js';
import type { FreshDatabase } from '../support/servers.js';
import { applicationOrm, temporaryFolder } from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

const connectNode = (file: string): Promise<SqlStorage> =>
  SqlStorage.connect({
    driver: AnySqliteDriver,
    dbName: file,
    driverOptions: new NodeSqliteDialect(file),
  });

describeStorageContract('SqlStorage on SQLite by node:sqlite, on a connection of its own', async () => {
  const folder = await temporaryFolder();
  let storage = await connectNode(folder.file('usage.db'));
  return {
    storage,
    async reopen() {
      await storage.close();
      storage = await connectNode(folder.file('usage.db'));
      return storage;
    },
    async close() {
      await storage.close();
      await folder.remove();
    },
  };
});

describeStorageContract("SqlStorage on SQLite by node:sqlite, on the application's MikroORM", async () => {
  const orm = await applicationOrm({
    driver: AnySqliteDriver,
    driverOptions: new NodeSqliteDialect(':memory:'),
  });
  return { storage: new SqlStorage(orm), close: () => orm.close(true) };
});

describeOn('postgresql', (server) => {
  let database: FreshDatabase;
  let tables = 0;

  before(async () => {
    database = await server().freshDatabase();
  });

  after(() => database.drop());

  describeStorageContract('SqlStorage on PostgreSQL by the portable writer', async () => {
    const tableName = `usage_${(tables += 1)}`;
    const open = (): Promise<SqlStorage> =>
      connectPortable({ driver: PostgreSqlDriver, clientUrl: database.url }, tableName);
    let storage = await open();
    return {
      storage,
      async reopen() {
        await storage.close();
        storage = await open();
        return storage;
      },
      close: () => storage.close(),
    };
  });
});
