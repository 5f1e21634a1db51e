import { type MikroORM, type Options, RequestContext } from '@mikro-orm/core';
import { expect } from 'chai';
import { Container } from 'typedi';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { StorageToken } from '../../../src/index.js';
import { describeOn } from '../../support/describe-on.js';
import { mySqlOrm } from '../../support/mysql.js';
import { postgresOrm } from '../../support/postgresql.js';
import { type Served, serve } from '../../support/serve.js';
import type { FreshDatabase } from '../../support/servers.js';
import { until } from '../../support/until.js';

type OpenOrm = (database: FreshDatabase, options: Partial<Options>) => Promise<MikroORM>;

const ENGINES: Record<'postgresql' | 'mariadb', OpenOrm> = {
  postgresql: (database, options) => postgresOrm(database, options),
  mariadb: ({ url }, options) => mySqlOrm(url, options),
};

describe("An application's MikroORM that gives each request a context", () => {
  for (const [engine, openOrm] of Object.entries(ENGINES) as [keyof typeof ENGINES, OpenOrm][]) {
    describeOn(engine, (server) => {
      let database: FreshDatabase;
      let orm: MikroORM;
      let served: Served;
      /** The request contexts in which the application made a connection ready. */
      const contexts: unknown[] = [];

      before(async () => {
        database = await server().freshDatabase();
        orm = await openOrm(database, {
          onReserveConnection: async () => void contexts.push(RequestContext.currentRequestContext()),
        });
        served = await serve({
          before: [(_, next) => RequestContext.create(orm.em, next)],
          between: [
            async (context) => {
              if (context.path === '/flush') await served.usage.tracker.flush();
              context.body = 'ok';
            },
          ],
          tracker: {
            defaultPolicy: 'include',
            trackUnmatched: true,
            storage: undefined,
            visitors: true,
            retention: { records: { days: 1 } },
          },
        });
      });

      after(async () => {
        Container.remove(StorageToken);
        await served.close();
        await orm.close(true);
        await database.drop();
      });

      it('has none where records, salts and deletions are at work: no session of a request is theirs', async () => {
        contexts.length = 0;
        const storage = new SqlStorage(orm);
        // The first request finds the storage, and sets off all that the tracker does with it.
        Container.set(StorageToken, storage);
        await (await fetch(`${served.origin}/`)).text();
        await (await fetch(`${served.origin}/flush`)).text();
        const { tracker } = served.usage;
        await until(() => tracker.stats().retention?.lastRunAt !== null, 'old records are deleted');
        expect(contexts).to.have.length.above(2);
        expect(contexts.filter((each) => each !== undefined)).to.deep.equal([]);
        const [record] = await storage.reader.getUsage();
        expect(record?.visitor).to.match(/^[\da-f]{64}$/);
      });
    });
  }
});
