import { LibSqlDriver } from '@mikro-orm/libsql';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { applicationOrm, openNative, poisonTrigger, temporaryFolder } from '../support/sqlite.js';
import { describeStorageContract } from './storage-contract.js';

const connect = (dbName: string): Promise<SqlStorage> => SqlStorage.connect({ driver: LibSqlDriver, dbName });

describeStorageContract(
  'SqlStorage on a libSQL file of its own',
  async () => {
    const folder = await temporaryFolder();
    const file = folder.file('usage.db');
    const opened: SqlStorage[] = [];
    const open = async (): Promise<SqlStorage> => {
      const storage = await connect(file);
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
        const native = await openNative(file, LibSqlDriver);
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
  "SqlStorage on the application's MikroORM for libSQL",
  async () => {
    const orm = await applicationOrm({ driver: LibSqlDriver });
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
