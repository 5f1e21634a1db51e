import { expect } from 'chai';
import * as fc from 'fast-check';
import { usageDashboard } from '../../src/dashboard/index.js';
import { TrackUsageError } from '../../src/errors.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { anyText } from '../support/any-text.js';
import { type ServedDashboard, StagedReports, fewReports, serveDashboard } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { elementsIn, parseHtml } from '../support/parsed-html.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const STATUS = 'view=status&format=json';

/** Names of parameters. */
const NAMES =
  'view format days from to service people sort order skip verdict method route username cursor status path period __proto__'.split(
    ' ',
  );

/** Values that some of them take, and some that none takes. */
const VALUES =
  'endpoints endpoint callers caller records traffic errors status json csv 7 -1 1e9 NaN 2026-06-29 +275760-09-13 5xx hour GET /secret calls up <script> \u202e'.split(
    ' ',
  );

describe('The pages of the dashboard', () => {
  let served: ServedDashboard;
  /** Requests that have arrived. */
  let arrived: number;

  afterEach(() => served.close());

  const start = async (options: Omit<Parameters<typeof usageDashboard>[0] & object, 'authorize'>) => {
    arrived = 0;
    served = await serveDashboard({ ...options, authorize: () => true }, (_ctx, next) => {
      arrived += 1;
      return next();
    });
  };

  const arrivalOf = (requests: number): Promise<void> =>
    until(() => arrived === requests, `${requests} requests have arrived`);

  const get = (query = STATUS): Promise<WireAnswer> => send(`${served.origin}/?${query}`);

  /** What a page says in place of figures. */
  const alertOf = ({ text }: WireAnswer): string =>
    elementsIn(parseHtml(text), 'div')
      .filter(({ attributes }) => attributes['role'] === 'alert')
      .map((element) => element.text)
      .join('');

  describe('for many at once', () => {
    let reports: StagedReports;
    let clock: ManualClock;

    beforeEach(async () => {
      reports = new StagedReports();
      clock = new ManualClock();
      await start({ reports, clock });
    });

    it('are made two at a time, and equal ones once: a thousand requests are all answered', async () => {
      const open = Promise.withResolvers<void>();
      reports.stage = () => open.promise;
      const all = Array.from({ length: 1000 }, (_, index) => get(`${STATUS}&service=${index % 50}`));
      await arrivalOf(1000);
      // Nobody is answered yet; the others wait, or share what waits.
      expect(reports.asked).to.equal(2);
      open.resolve();
      const answers = await Promise.all(all);
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(1000).fill(200));
      expect(reports.most).to.equal(2);
      expect(reports.asked).to.equal(50);
    });

    it('are shared by those who ask for equal ones, and made anew for those who come later', async () => {
      const open = Promise.withResolvers<void>();
      reports.stage = () => open.promise;
      const all = Array.from({ length: 20 }, () => get());
      await arrivalOf(20);
      open.resolve();
      for (const { status } of await Promise.all(all)) expect(status).to.equal(200);
      expect(reports.asked).to.equal(1);
      await get();
      expect(reports.asked).to.equal(2);
    });

    it('are given up after thirty seconds, and others have their places then', async () => {
      reports.stage = () => new Promise(() => {});
      const hung = [get(), get('view=status')];
      await until(() => reports.underWay === 2, 'two are under way');
      await clock.advance(29_999);
      reports.stage = () => Promise.resolve();
      const next = get(`${STATUS}&service=next`);
      await get('asset=icon.svg');
      expect(reports.asked).to.equal(2);
      await clock.advance(1);
      const [data, page] = (await Promise.all(hung)) as [WireAnswer, WireAnswer];
      for (const { status } of [data, page]) expect(status).to.equal(504);
      expect(alertOf(page)).to.include('The storage has not answered in time.').and.include('30 seconds');
      expect(JSON.parse(data.text)).to.have.nested.property('error.message').that.includes('in time');
      expect((await next).status).to.equal(200);
      expect((await get()).status).to.equal(200);
      expect(clock.pendingTimers).to.equal(0);
      expect(served.errors).to.deep.equal([]);
    });

    it('are refused to those who have waited too long, so that a hung storage is not asked by all of them', async () => {
      reports.stage = () => new Promise(() => {});
      const all = Array.from({ length: 10 }, (_, index) => get(`${STATUS}&service=${index}`));
      await until(() => clock.pendingTimers === 10, 'eight wait');
      await clock.advance(30_000);
      await clock.advance(30_000);
      const statuses = (await Promise.all(all)).map(({ status }) => status);
      expect(statuses.toSorted((one, other) => one - other)).to.deep.equal([
        ...Array(6).fill(503),
        ...Array(4).fill(504),
      ]);
      expect(reports.asked).to.equal(4);
    });
  });

  describe('without figures', () => {
    const folder = useTemporaryFolder();

    it('say that nothing is recorded yet', async () => {
      await start({ reports: new UsageReports(new MemoryStorage()) });
      const answer = await get('');
      expect(answer.status).to.equal(200);
      expect(answer.text).to.include('Nothing is recorded yet');
    });

    it('say that a table is missing', async () => {
      const storage = await connectSqlite(folder.file('usage.db'));
      try {
        await start({ reports: new UsageReports(storage) });
        expect((await get('view=records')).status).to.equal(200);
        await executeNative(folder.file('usage.db'), 'drop table koa_usage');
        const answer = await get('view=records');
        expect(answer.status).to.equal(503);
        expect(alertOf(answer))
          .to.include('The database has to be changed')
          .and.include('no such table: koa_usage');
        expect(served.errors).to.deep.equal([]);
      } finally {
        await storage.close();
      }
    });

    it('say that the storage is closed', async () => {
      const storage = await connectSqlite(folder.file('usage.db'));
      await storage.close();
      await start({ reports: new UsageReports(storage) });
      const answer = await get('');
      expect(answer.status).to.equal(503);
      expect(alertOf(answer)).to.include('The storage is closed.');
      const data = await get();
      expect(data.status).to.equal(503);
      expect(JSON.parse(data.text)).to.have.nested.property('error.code', 'STORAGE_CLOSED');
    });

    it('say that the storage is away, and have figures when it is there again', async () => {
      const reports = new StagedReports();
      await start({ reports });
      reports.stage = () => Promise.reject(new TrackUsageError('STORAGE_UNAVAILABLE', 'No route to host.'));
      const answer = await get('view=status');
      expect(answer.status).to.equal(503);
      expect(alertOf(answer))
        .to.include('The storage cannot be reached now.')
        .and.include('No route to host.');
      expect(served.errors).to.deep.equal([]);
      reports.stage = () => Promise.resolve();
      expect((await get('view=status')).status).to.equal(200);
    });

    for (const [what, error] of [
      ['an error', new Error('password=hunter2 <b>')],
      ['an error for Koa', Object.assign(new Error('password=hunter2'), { status: 404, expose: true })],
      ['a text', 'password=hunter2'],
      ['nothing', undefined],
    ] as const) {
      it(`do not show ${what} that is none of ours, which the application is told once`, async () => {
        const reports = new StagedReports();
        const open = Promise.withResolvers<void>();
        await start({ reports });
        reports.stage = async () => {
          await open.promise;
          throw error;
        };
        const all = Array.from({ length: 3 }, () => get('view=status'));
        await arrivalOf(3);
        open.resolve();
        for (const answer of await Promise.all(all)) {
          expect(answer.status).to.equal(500);
          expect(alertOf(answer)).to.include('The log of the application says why.');
          expect(answer.text).to.not.include('hunter2');
        }
        expect(served.errors).to.have.lengthOf(1);
        expect(served.errors[0]).to.be.an.instanceOf(Error).and.include({ cause: error });
        expect(served.errors[0]?.message)
          .to.match(/^usageDashboard: a page could not be made\. /)
          .and.include(error === undefined ? 'undefined' : 'hunter2');
        // An error with a status would be left out of the log.
        expect(served.errors[0]).to.not.have.any.keys('status', 'expose');
      });
    }
  });

  describe('at any address', () => {
    for (const [query, status, said] of [
      ['view=nowhere', 404, 'There is no such page.'],
      ['view=__proto__', 404, 'There is no such page.'],
      ['view=endpoints&format=xml', 404, 'expected format=json or format=csv'],
      ['view=overview&format=json', 404, 'several reports'],
      ['view=endpoints&days=none', 400, 'days'],
      ['view=endpoints&from=yesterday', 400, 'yesterday'],
      ['view=records&cursor=%3Cb%3E', 400, 'cursor'],
      ['view=endpoint', 404, 'names no endpoint'],
      ['view=caller', 404, 'names no caller'],
    ] as const) {
      it(`say what is wrong with ${query}`, async () => {
        await start({ reports: await fewReports() });
        const answer = await get(query);
        expect(answer.status).to.equal(status);
        const isData = query.includes('format=');
        const message = isData
          ? (JSON.parse(answer.text) as { error: { message: string } }).error.message
          : alertOf(answer);
        expect(message).to.include(said);
        // The frame leads back to what is there.
        if (!isData) expect(answer.text).to.include('href="?view=endpoints');
        expect(served.errors).to.deep.equal([]);
      });
    }

    it('are never a fault of ours, whatever the query is', async () => {
      await start({ reports: await fewReports() });
      const name = fc.constantFrom(...NAMES);
      const value = fc.oneof(anyText({ maxLength: 8 }), fc.constantFrom(...VALUES));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), async (pairs) => {
          const answer = await get(String(new URLSearchParams([...pairs, ['days', '2']])));
          expect(answer.status).to.be.oneOf([200, 400, 404]);
          expect(answer.headers['x-content-type-options']).to.equal('nosniff');
          // JSON holds a text as it is, and is never taken for a page.
          if (!String(answer.headers['content-type']).startsWith('application/json'))
            expect(answer.text).to.not.include('<script>');
          expect(served.errors).to.deep.equal([]);
        }),
        { numRuns: 60 },
      );
    });
  });
});
