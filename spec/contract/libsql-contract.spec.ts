import { LibSqlDriver } from '@mikro-orm/libsql';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { executeNative } from '../support/sqlite.js';
import { onApplicationOrm, onOwnFile } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

describeStorageContract(
  'SqlStorage on a libSQL file of its own',
  onOwnFile(
    (dbName) => SqlStorage.connect({ driver: LibSqlDriver, dbName }),
    (file, sql) => executeNative(file, sql, LibSqlDriver),
  ),
  ['reopenInOtherZone'],
);

describeStorageContract(
  "SqlStorage on the application's MikroORM for libSQL",
  onApplicationOrm(() => ({ driver: LibSqlDriver })),
  ['reopenInOtherZone'],
);
