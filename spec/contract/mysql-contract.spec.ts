import type { MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { describeOnMySql, openMySql } from '../support/mysql.js';
import { poisonConstraint } from '../support/poison.js';
import type { FreshDatabase } from '../support/servers.js';
import { openOwn, shared } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

describeOnMySql(function (server, { connectMySql, mySqlOrm }) {
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

  /** A table that is empty, and how it is poisoned and cured. */
  const freshTable = async () => {
    await other.query('delete from koa_usage');
    await other.query('delete from koa_usage_summary');
    let isPoisoned = false;
    return {
      poison: async (ids: readonly string[]): Promise<void> => {
        await other.query(poisonConstraint(ids));
        isPoisoned = true;
      },
      cure: async (): Promise<void> => {
        if (isPoisoned) await other.query('alter table koa_usage drop constraint poison');
      },
    };
  };

  describeStorageContract('SqlStorage with a connection of its own', async () => {
    const { poison, cure } = await freshTable();
    const [[before]] = (await other.query('select @@global.time_zone as zone')) as unknown as [
      [{ zone: string }],
    ];
    const own = await openOwn(() => connectMySql(database.url));
    return {
      ...own,
      poison,
      async reopenInOtherZone() {
        await other.query("set global time_zone = '+12:45'");
        return own.reopen();
      },
      async close() {
        await own.close();
        await other.query('set global time_zone = ?', [before.zone]);
        await cure();
      },
    };
  });

  describeStorageContract(
    "SqlStorage on the application's MikroORM, which is in another zone",
    async () => {
      const { poison, cure } = await freshTable();
      return { ...shared(() => new SqlStorage(orm)), poison, close: cure };
    },
    ['reopenInOtherZone'],
  );
});
