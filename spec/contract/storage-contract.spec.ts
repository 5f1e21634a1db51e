import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { connectSqlite, executeNative } from '../support/sqlite.js';
import { onApplicationOrm, onOwnFile } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

describeStorageContract(
  'MemoryStorage',
  async () => ({ storage: new MemoryStorage(), close: async () => {} }),
  ['reopen', 'openAnother', 'poison', 'reopenInOtherZone'],
);

describeStorageContract(
  'SqlStorage on an SQLite file of its own',
  onOwnFile((file) => connectSqlite(file), executeNative),
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

describeStorageContract("SqlStorage on the application's MikroORM", onApplicationOrm(), [
  'reopenInOtherZone',
]);
