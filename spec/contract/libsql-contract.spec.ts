import { LibSqlDriver } from '@mikro-orm/libsql';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { applicationOrm, temporaryFolder } from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

const connect = (dbName: string): Promise<SqlStorage> => SqlStorage.connect({ driver: LibSqlDriver, dbName });

describeStorageContract('SqlStorage on a libSQL file of its own', async () => {
  const folder = await temporaryFolder();
  let storage = await connect(folder.file('usage.db'));
  return {
    storage,
    async reopen() {
      await storage.close();
      storage = await connect(folder.file('usage.db'));
      return storage;
    },
    async close() {
      await storage.close();
      await folder.remove();
    },
  };
});

describeStorageContract("SqlStorage on the application's MikroORM for libSQL", async () => {
  const orm = await applicationOrm({ driver: LibSqlDriver });
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
