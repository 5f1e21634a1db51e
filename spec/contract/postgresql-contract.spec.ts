import type { MikroORM } from '@mikro-orm/core';
import { SqlStorage, type SqlStorageOptions } from '../../src/backends/sql/index.js';
import type { OpenStorage } from '../../src/testing/contract/subject.js';
import { describeOn } from '../support/describe-on.js';
import {
  type SuiteDatabase,
  connectPostgres,
  initPostgresOrm,
  suiteDatabase,
} from '../support/postgresql.js';
import { poisonConstraint } from '../support/poison.js';
import { describeTheme } from './checks.js';
import { describeFidelity } from './fidelity.js';
import { openOwn } from './openers.js';
import { describeStorageContract } from './storage-contract.js';
import { describeWriting } from './writing.js';

describeOn('postgresql', (server) => {
  const own = suiteDatabase(server);
  const { database, run, setZone } = own;

  const poison = (ids: readonly string[]): Promise<void> => run(poisonConstraint(ids));
  const clean = async (suite: SuiteDatabase = own): Promise<void> => {
    await suite.run('truncate koa_usage');
    await suite.run(
      'do $$ begin truncate koa_usage_summary; exception when undefined_table then null; end $$',
    );
    await suite.run('alter table koa_usage drop constraint if exists poison');
    await suite.setZone(null);
  };

  /** On connections of its own. */
  const openIn =
    (suite: SuiteDatabase, options: Partial<SqlStorageOptions> = {}): OpenStorage =>
    async () => {
      const opened = await openOwn(() => connectPostgres(suite.database(), options));
      return {
        ...opened,
        poison: (ids) => suite.run(poisonConstraint(ids)),
        async reopenInOtherZone() {
          await suite.setZone('Pacific/Chatham');
          return opened.reopen();
        },
        async close() {
          await opened.close();
          await clean(suite);
        },
      };
    };

  describeStorageContract('SqlStorage on a PostgreSQL connection of its own', openIn(own));

  describe('in a table of months', () => {
    const open = openIn(suiteDatabase(server), { partition: 'month' });
    describeStorageContract('SqlStorage in a table of months of PostgreSQL', open);
  });

  describe('in a table whose ids are UUIDs', () => {
    const suite = suiteDatabase(server);

    before(async () => {
      await (await connectPostgres(suite.database())).close();
      await suite.run('alter table koa_usage alter id type uuid using id::uuid');
    });

    const open = openIn(suite);
    for (const theme of ['writing', 'pages by cursor', 'deleteBefore', 'erase']) describeTheme(theme, open);
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
