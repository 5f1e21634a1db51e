import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { applicationOrm, connectSqlite, temporaryFolder } from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

describeStorageContract('MemoryStorage', async () => ({
  storage: new MemoryStorage(),
  close: async () => {},
}));

describeStorageContract('SqlStorage on an SQLite file of its own', async () => {
  const folder = await temporaryFolder();
  let storage = await connectSqlite(folder.file('usage.db'));
  return {
    storage,
    async reopen() {
      await storage.close();
      storage = await connectSqlite(folder.file('usage.db'));
      return storage;
    },
    async close() {
      await storage.close();
      await folder.remove();
    },
  };
});

describeStorageContract('SqlStorage in memory', async () => {
  const storage = await connectSqlite(':memory:');
  return { storage, close: () => storage.close() };
});

describeStorageContract("SqlStorage on the application's MikroORM", async () => {
  const orm = await applicationOrm();
  const storage = new SqlStorage(orm);
  return {
    storage,
    async reopen() {
      await storage.close();
      return new SqlStorage(orm);
    },
    close: () => orm.close(true),
  };
});
