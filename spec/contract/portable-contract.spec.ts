import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { NodeSqliteDialect, SqliteDriver as AnySqliteDriver } from '@mikro-orm/sql';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPortable } from '../support/portable.js';
import { poisonConstraint } from '../support/poison.js';
import { suiteDatabase } from '../support/postgresql.js';
import { initOrm } from '../support/sqlite.js';
import { onApplicationOrm, onOwnFile, openOwn } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

const nodeSqlite = (file: string) => ({
  driver: AnySqliteDriver,
  driverOptions: new NodeSqliteDialect(file),
});

describeStorageContract(
  'SqlStorage on SQLite by node:sqlite, on a connection of its own',
  onOwnFile(
    (file) => SqlStorage.connect({ ...nodeSqlite(file), dbName: file }),
    async (file, sql) => {
      const orm = await initOrm(nodeSqlite(file));
      await orm.em.getConnection().execute(sql);
      await orm.close(true);
    },
  ),
  ['reopenInOtherZone'],
);

describeStorageContract(
  "SqlStorage on SQLite by node:sqlite, on the application's MikroORM",
  onApplicationOrm(() => nodeSqlite(':memory:')),
  ['reopenInOtherZone'],
);

describeOn('postgresql', (server) => {
  const { database, run, setZone } = suiteDatabase(server);
  let tables = 0;

  describeStorageContract('SqlStorage on PostgreSQL by the portable writer', async () => {
    const tableName = `usage_${(tables += 1)}`;
    const own = await openOwn(() =>
      connectPortable({ driver: PostgreSqlDriver, clientUrl: database().url }, tableName),
    );
    return {
      ...own,
      poison: (ids) => run(poisonConstraint(ids, tableName)),
      async reopenInOtherZone() {
        await setZone('Pacific/Chatham');
        return own.reopen();
      },
      async close() {
        await own.close();
        await setZone(null);
      },
    };
  });
});
