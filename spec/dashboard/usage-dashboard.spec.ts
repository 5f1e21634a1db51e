import 'reflect-metadata';
import { Router } from '@koa/router';
import { expect } from 'chai';
import mount from 'koa-mount';
import { Get, JsonController } from 'routing-controllers';
import { Container } from 'typedi';
import { type UsageStorage, StorageToken, tracked } from '../../src/index.js';
import { usageDashboard } from '../../src/dashboard/index.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { StagedReports, fewReports, serveDashboard } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { mountable } from '../support/mountable.js';
import { refusalOf } from '../support/refusal.js';
import { call } from '../support/reports.js';
import type { ServedBare } from '../support/serve-bare.js';
import { type Served, serve } from '../support/serve.js';

@JsonController('/dashboard-neighbours')
class NeighbourController {
  @Get('/')
  all() {
    return [];
  }
}

const EVERYTHING = { defaultPolicy: 'include', trackUnmatched: true } as const;

const allow = () => true;

/** A storage that only writes. */
const WRITER: UsageStorage = {
  name: 'writer',
  store: async (batch) => ({ stored: batch.length, refused: [] }),
};

describe('usageDashboard', () => {
  const opened: (ServedBare | Served)[] = [];

  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close();
  });

  async function start(options: Parameters<typeof usageDashboard>[0]): Promise<string> {
    const served = await serveDashboard(options);
    opened.push(served);
    return served.origin;
  }

  describe('answers GET and HEAD alone', () => {
    const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

    it('and tells those who may see it so', async () => {
      const reports = new StagedReports();
      const origin = await start({ authorize: allow, reports });
      for (const target of ['/?view=status', '/?view=status&format=json', '/?asset=style.css'])
        for (const method of METHODS) {
          const { status, headers, text } = await send(origin + target, {}, method);
          expect(status).to.equal(405);
          expect(headers).to.include({ allow: 'GET, HEAD', 'cache-control': 'no-store' });
          expect(text).to.equal('The dashboard only answers GET and HEAD.');
        }
      expect(reports.asked).to.equal(0);
    });

    it('with equal headers, and without a body for HEAD', async () => {
      const origin = await start({ authorize: allow, reports: await fewReports() });
      for (const query of [
        'days=7',
        'view=endpoints&format=json',
        'view=errors&format=csv',
        'view=nowhere',
      ]) {
        const headers = { 'Accept-Encoding': 'gzip' };
        const full = await send(`${origin}/?${query}`, headers);
        const head = await send(`${origin}/?${query}`, headers, 'HEAD');
        expect(head.body).to.have.lengthOf(0);
        expect(head.status).to.equal(full.status);
        expect({ ...head.headers, date: '' }).to.deep.equal({ ...full.headers, date: '' });
      }
    });
  });

  it('shows what it is called, and how often it is made anew, as text', async () => {
    const reports = await fewReports();
    const origin = await start({ authorize: allow, reports, title: '<i>"A&B"', refreshSeconds: 5 });
    const { text } = await send(`${origin}/?view=status`);
    expect(text)
      .to.include('&lt;i&gt;&quot;A&amp;B&quot;')
      .and.include('data-refresh="5"')
      .and.not.include('<i>');
    const still = await start({ authorize: allow, reports, refreshSeconds: 0 });
    expect((await send(`${still}/?view=status`)).text).to.not.include('data-refresh');
  });

  for (const [what, options, said] of [
    ['no object', 5, /an object/],
    ['another option', { auth: allow }, /no option 'auth'/],
    ['an authorize that is no function', { authorize: true }, /'authorize' is true; expected a function/],
    ['no authorize at all, as null', { authorize: null }, /'authorize' is null/],
    ['a storage for reports', { reports: new MemoryStorage() }, /expected UsageReports/],
    ['refreshing each second', { refreshSeconds: 1 }, /from 5 to 86400 \(seconds\), or 0/],
    ['refreshing never again', { refreshSeconds: 86_401 }, /'refreshSeconds' is 86401/],
    ['an empty title', { title: '' }, /'title' is ''/],
    ['no clock', { clock: Date }, /'clock'/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const { code, message } = refusalOf(() => usageDashboard(options as never));
      expect(code).to.equal('INVALID_OPTION');
      expect(message)
        .to.match(/^usageDashboard: /)
        .and.match(said);
    });
  }

  describe('shows the reports', () => {
    const get = async (origin: string, query: string): Promise<WireAnswer> => send(`${origin}/?${query}`);
    const callsAt = async (origin: string): Promise<unknown> => {
      const { text } = await get(origin, 'view=endpoints&format=json&to=2026-07-01');
      return (JSON.parse(text) as { readonly calls: unknown }).calls;
    };

    afterEach(() => {
      Container.remove(StorageToken);
    });

    it('of the container, also of a storage that came there later', async () => {
      const origin = await start({ authorize: allow });
      for (const query of ['', 'view=endpoints']) {
        const { status, text } = await get(origin, query);
        expect(status).to.equal(503);
        expect(text)
          .to.include('There is no storage whose records can be read.')
          .and.include('Container.set(StorageToken, storage)');
      }
      const data = await get(origin, 'view=endpoints&format=csv');
      expect(data.status).to.equal(503);
      expect(data.headers['content-type']).to.equal('application/json; charset=utf-8');
      expect(JSON.parse(data.text)).to.have.nested.property('error.code', 'NO_STORAGE');
      const storage = new MemoryStorage();
      await storage.store([call(1), call(2)]);
      Container.set(StorageToken, [WRITER, storage]);
      expect(await callsAt(origin)).to.equal(2);
    });

    it('that it is given, and no others', async () => {
      Container.set(StorageToken, new MemoryStorage());
      const origin = await start({ authorize: allow, reports: await fewReports() });
      expect(await callsAt(origin)).to.equal(3);
    });

    it('of a storage that cannot be read, which its page says', async () => {
      const reports = new UsageReports(WRITER);
      const origin = await start({ authorize: allow, reports });
      const { status, text } = await get(origin, '');
      expect(status).to.equal(503);
      expect(text).to.include('the storage &#39;writer&#39; cannot be read');
    });
  });

  describe('is not recorded', () => {
    const TARGETS = [
      '',
      '?view=endpoints',
      '?view=endpoints&format=json',
      '?view=nowhere',
      '?view=status&days=none',
      '?asset=style.css',
      '?asset=nothing',
    ];

    const router = (dashboard: ReturnType<typeof usageDashboard>): Router => {
      const made = new Router();
      made.get('/admin/usage', dashboard as never);
      made.get('/other', (ctx) => void (ctx.body = 'other'));
      return made;
    };

    async function serveBeside(
      options: Parameters<typeof usageDashboard>[0],
      between: (dashboard: ReturnType<typeof usageDashboard>) => Parameters<typeof serve>[0],
    ): Promise<Served> {
      const reports = await fewReports();
      const served = await serve({
        tracker: EVERYTHING,
        ...between(usageDashboard({ reports, ...options })),
      });
      opened.push(served);
      return served;
    }

    const MOUNTS = [
      ['by koa-mount', (it) => ({ between: [mount('/admin/usage', it)] })],
      ['by koa-mount twice', (it) => ({ between: [mount('/admin', mount('/usage', it))] })],
      ['by a router', (it) => ({ between: mountable(router(it)) })],
      [
        'in front of controllers',
        (it) => ({ between: [mount('/admin/usage', it)], controllers: [NeighbourController] }),
      ],
      [
        'behind controllers',
        (it) => ({ after: [mount('/admin/usage', it)], controllers: [NeighbourController] }),
      ],
    ] as const satisfies readonly (readonly [string, Parameters<typeof serveBeside>[1]])[];

    const DENYING = {
      'to those who may see it': allow,
      'to others': () => false,
      'to anybody, where authorize throws': () => {
        throw new Error('no session');
      },
    };

    /** Of most mounts: a page, one that is not there, and a file. */
    const FEW_TARGETS = ['?view=status', '?view=nowhere', '?asset=style.css'];

    for (const [how, assemble] of MOUNTS)
      for (const [whom, authorize] of Object.entries(DENYING)) {
        it(`${how}, ${whom}`, async () => {
          const served = await serveBeside({ authorize }, assemble);
          const routes = JSON.stringify(served.usage.tracker.routes());
          for (const target of how === 'by koa-mount' ? TARGETS : FEW_TARGETS)
            for (const method of ['GET', 'HEAD']) {
              const { status } = await send(`${served.origin}/admin/usage${target}`, {}, method);
              expect(status).to.be.oneOf(authorize === allow ? [200, 400, 404] : [403]);
            }
          expect(await served.records()).to.deep.equal([]);
          // Nor is it an endpoint of the application's that somebody may want to delete.
          expect(JSON.stringify(served.usage.tracker.routes())).to.equal(routes);
        });
      }

    it('by a router whose routes are tracked', async () => {
      const served = await serveBeside({ authorize: allow }, (it) => ({
        between: [
          mount('/tracked', mountable(new Router().use(tracked()).use(router(it).routes()))[0] as never),
        ],
      }));
      for (const path of ['/tracked/admin/usage', '/tracked/other'])
        expect((await send(served.origin + path)).status).to.equal(200);
      expect((await served.records()).map(({ route }) => route)).to.deep.equal(['/tracked/other']);
    });

    it('for methods that it does not answer', async () => {
      const served = await serveBeside({ authorize: allow }, MOUNTS[0][1]);
      await send(`${served.origin}/admin/usage`, {}, 'POST');
      expect(await served.records()).to.deep.equal([]);
    });

    it('but requests are that it passes on, and others beside it', async () => {
      const served = await serveBeside({ authorize: allow }, (it) => ({
        between: [mount('/admin/usage', it)],
        controllers: [NeighbourController],
      }));
      for (const path of ['/admin/usage/x', '/admin/usagex', '/dashboard-neighbours'])
        await send(served.origin + path);
      expect((await served.records()).map(({ route, status }) => [route, status])).to.deep.equal([
        [null, 404],
        [null, 404],
        ['/dashboard-neighbours', 200],
      ]);
    });

    it('and works without a tracker', async () => {
      const origin = await start({ authorize: allow, reports: await fewReports() });
      expect((await send(`${origin}/?view=status`)).status).to.equal(200);
    });
  });
});
