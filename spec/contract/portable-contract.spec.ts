import { NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
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
