import type { MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../src/storage/mikro-orm/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectMySql, mySqlOrm, openMySql } from '../support/mysql.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeStorageContract } from './storage-contract.js';

describeOn('mariadb', function (server) {
  this.timeout(30_000);
  let database: FreshDatabase;
  let orm: MikroORM;
  let other: Connection;

  before(async () => {
    database = await server().freshDatabase();
    orm = await mySqlOrm(database.url, {
      driver: MySqlDriver,
      timezone: '+02:00',
      forceUtcTimezone: false,
    });
    other = await openMySql(database.url);
  });

  after(async () => {
    await other.end();
    await orm.close(true);
    await database.drop();
  });

  describeStorageContract('SqlStorage with a connection of its own', async () => {
    await other.query('delete from koa_usage');
    let storage = await connectMySql(database.url);
    return {
      storage,
      async reopen() {
        await storage.close();
        storage = await connectMySql(database.url);
        return storage;
      },
      close: () => storage.close(),
    };
  });

  describeStorageContract("SqlStorage on the application's MikroORM, which is in another zone", async () => {
    await other.query('delete from koa_usage');
    const storage = new SqlStorage(orm);
    return {
      storage,
      reopen: async () => new SqlStorage(orm),
      close: async () => {},
    };
  });
});
