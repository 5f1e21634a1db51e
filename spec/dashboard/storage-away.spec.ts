import { expect } from 'chai';
import type { SqlStorage } from '../../src/backends/sql/index.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { describeOn } from '../support/describe-on.js';
import { type ServedDashboard, serveDashboard } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { connectPostgres, suiteDatabase } from '../support/postgresql.js';
import { TcpProxy } from '../support/tcp-proxy.js';

describe('The dashboard of a storage that fails', () => {
  describeOn('postgresql', (server) => {
    const { database, run } = suiteDatabase(server);
    let proxy: TcpProxy;
    let storage: SqlStorage;
    let served: ServedDashboard;

    before(async () => {
      proxy = await TcpProxy.start(server());
      storage = await connectPostgres({ ...database(), url: proxy.through(database().url) });
      served = await serveDashboard({ reports: new UsageReports(storage), authorize: () => true });
    });

    after(async () => {
      await served.close();
      await storage.close();
      proxy.close();
    });

    /** The records, as a page and as JSON. */
    const both = async (): Promise<readonly [page: WireAnswer, data: WireAnswer]> => [
      await send(`${served.origin}/?view=records`),
      await send(`${served.origin}/?view=records&format=json`),
    ];

    /** Expects both to say what is wrong, and that the application has nothing to see to. */
    async function expectProblem(sentence: string, code: string): Promise<void> {
      const [page, data] = await both();
      expect([page.status, data.status]).to.deep.equal([503, 503]);
      expect(page.text).to.include(sentence);
      expect(JSON.parse(data.text)).to.have.nested.property('error.code', code);
      expect(served.errors).to.deep.equal([]);
    }

    it('says that the server is away, and has figures when it is there again', async () => {
      for (const { status } of await both()) expect(status).to.equal(200);
      proxy.close();
      await expectProblem('The storage cannot be reached now.', 'STORAGE_UNAVAILABLE');
      await proxy.accept();
      for (const { status } of await both()) expect(status).to.equal(200);
    });

    it('says that a table is missing', async () => {
      await run('drop table koa_usage');
      await expectProblem('The database has to be changed', 'STORAGE_SETUP');
    });
  });
});
