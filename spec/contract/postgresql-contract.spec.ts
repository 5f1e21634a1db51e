import type { MikroORM } from '@mikro-orm/core';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPostgres, initPostgresOrm, suiteDatabase } from '../support/postgresql.js';
import { poisonConstraint } from '../support/poison.js';
import { describeFidelity } from './fidelity.js';
import { openOwn } from './openers.js';
import { describeStorageContract } from './storage-contract.js';
import { describeWriting } from './writing.js';

describeOn('postgresql', (server) => {
  const { database, run, setZone } = suiteDatabase(server);

  const poison = (ids: readonly string[]): Promise<void> => run(poisonConstraint(ids));
  const clean = async (): Promise<void> => {
    await run('truncate koa_usage');
    await run('do $$ begin truncate koa_usage_summary; exception when undefined_table then null; end $$');
    await run('alter table koa_usage drop constraint if exists poison');
    await setZone(null);
  };

  describeStorageContract('SqlStorage on a PostgreSQL connection of its own', async () => {
    const own = await openOwn(() => connectPostgres(database()));
    return {
      ...own,
      poison,
      async reopenInOtherZone() {
        await setZone('Pacific/Chatham');
        return own.reopen();
      },
      async close() {
        await own.close();
        await clean();
      },
    };
  });

  describe('in a table of months', () => {
    const months = suiteDatabase(server);

    describeStorageContract('SqlStorage on a table of months in PostgreSQL', async () => {
      const own = await openOwn(() => connectPostgres(months.database(), { partition: 'month' }));
      return {
        ...own,
        poison: (ids) => months.run(poisonConstraint(ids)),
        async reopenInOtherZone() {
          await months.setZone('Pacific/Chatham');
          return own.reopen();
        },
        async close() {
          await own.close();
          await months.run('drop table koa_usage; drop table if exists koa_usage_summary, koa_usage_salt');
          await months.setZone(null);
        },
      };
    });
  });

  describe("on the application's MikroORM", () => {
    let orm: MikroORM;

    before(async () => {
      orm = await initPostgresOrm(database());
      await orm.schema.update();
    });

    after(() => orm.close(true));

    describeStorageContract("SqlStorage on the application's MikroORM on PostgreSQL", async () => {
      const storage = new SqlStorage(orm);
      const others: MikroORM[] = [];
      const openAnother = async (): Promise<SqlStorage> => {
        const other = await initPostgresOrm(database());
        others.push(other);
        return new SqlStorage(other);
      };
      return {
        storage,
        async reopen() {
          await storage.close();
          return new SqlStorage(orm);
        },
        openAnother,
        poison,
        async reopenInOtherZone() {
          await storage.close();
          await setZone('America/St_Johns');
          return openAnother();
        },
        async close() {
          await Promise.all(others.map((other) => other.close(true)));
          await clean();
        },
      };
    });
  });

  describe("SqlStorage on the application's MikroORM that makes its connections ready", () => {
    let orm: MikroORM;

    before(async () => {
      orm = await initPostgresOrm(database(), { onReserveConnection: async () => {} });
      await orm.schema.update();
    });

    after(() => orm.close(true));

    const open = async () => ({ storage: new SqlStorage(orm), close: () => run('truncate koa_usage') });
    describeWriting(open);
    describeFidelity(open);
  });
});
