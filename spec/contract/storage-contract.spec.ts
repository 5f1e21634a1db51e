import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import {
  applicationOrm,
  connectSqlite,
  openNative,
  poisonTrigger,
  temporaryFolder,
} from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

describeStorageContract(
  'MemoryStorage',
  async () => ({ storage: new MemoryStorage(), close: async () => {} }),
  ['reopen', 'openAnother', 'poison', 'reopenInOtherZone'],
);

describeStorageContract(
  'SqlStorage on an SQLite file of its own',
  async () => {
    const folder = await temporaryFolder();
    const file = folder.file('usage.db');
    const opened: SqlStorage[] = [];
    const open = async (): Promise<SqlStorage> => {
      const storage = await connectSqlite(file);
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
        const native = await openNative(file);
        native.database.exec(poisonTrigger(ids));
        await native.close();
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
  'SqlStorage in memory',
  async () => {
    const storage = await connectSqlite(':memory:');
    return { storage, close: () => storage.close() };
  },
  ['reopen', 'openAnother', 'poison', 'reopenInOtherZone'],
);

describeStorageContract(
  "SqlStorage on the application's MikroORM",
  async () => {
    const orm = await applicationOrm();
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
