import { readFile, writeFile } from 'node:fs/promises';
import { Router } from '@koa/router';
import { expect } from 'chai';
import Koa from 'koa';
import mount from 'koa-mount';
import { All, Get, JsonController, Post, createKoaServer } from 'routing-controllers';
import { type Inventory, Tracked, TrackedController, tracked } from '../../src/index.js';
import { parseRoutes } from '../../src/endpoint/route-list.js';
import { assertInventory, writeInventory, writeRoutes } from '../../src/testing/index.js';
import { type Served, serve } from '../support/serve.js';
import { useTemporaryFolder } from '../support/sqlite.js';

@JsonController('/users')
@TrackedController({ query: ['page'] })
class UserController {
  @Get('/:id') one(): object {
    return {};
  }
  @Post('/') @Tracked({ sampleRate: 0.5 }) create(): object {
    return {};
  }
  @All('/any') any(): object {
    return {};
  }
}

describe('Files about a build', () => {
  let served: Served | null = null;
  const folder = useTemporaryFolder(async () => {
    await served?.close();
    served = null;
  });

  async function start(): Promise<Served> {
    const router = new Router()
      .get('/plain', tracked(), (context) => void (context.body = 'plain'))
      .get('/unmarked', (context) => void (context.body = 'plain'));
    served = await serve({
      controllers: [UserController],
      routing: { routePrefix: '/api' },
      between: [router.routes() as never],
      tracker: { ip: 'truncate' },
    });
    return served;
  }

  describe('writeRoutes', () => {
    async function routesOf({ usage }: Served): Promise<{ readonly text: string; readonly routes: unknown }> {
      await writeRoutes(folder.file('routes.json'), usage.tracker.routes());
      const text = await readFile(folder.file('routes.json'), 'utf8');
      return { text, routes: parseRoutes(text) };
    }

    const controller = 'UserController';
    const listed = (prefix: string): object[] => [
      { method: 'POST', route: `${prefix}/users`, controller, action: 'create' },
      { method: 'GET', route: `${prefix}/users/:id`, controller, action: 'one' },
      { method: 'ALL', route: `${prefix}/users/any`, controller, action: 'any' },
    ];

    it('writes the routes of actions, and plain ones that are marked, in one order', async () => {
      const { text, routes } = await routesOf(await start());
      expect(routes).to.deep.equal([
        ...listed('/api'),
        { method: 'GET', route: '/plain', controller: null, action: null },
      ]);
      expect(text).to.equal(`${JSON.stringify({ routes }, null, 2)}\n`);
    });

    it('writes each route once', async () => {
      const route = { method: 'GET', route: '/a', controller: null, action: null };
      await writeRoutes(folder.file('routes.json'), [route, { ...route }]);
      expect(parseRoutes(await readFile(folder.file('routes.json'), 'utf8'))).to.deep.equal([route]);
    });

    it('writes the routes of an application where it is mounted, once it was sent a request', async () => {
      const own = await start();
      const inner = createKoaServer({ controllers: [UserController] }) as Koa;
      const outer = await serve({ between: [mount('/inner', inner)] });
      const refused = await routesOf(outer).catch((error: Error) => error.message);
      await (await fetch(`${outer.origin}/inner/users/1`)).text();
      const { routes } = await routesOf(outer);
      await outer.close();
      expect(refused).to.match(
        /the tracker knows of no route\. Call trackUsage\(\) and then useKoaServer\(\)/,
      );
      expect(routes).to.deep.equal(listed('/inner'));
      expect((await routesOf(own)).routes).to.have.lengthOf(4);
    });
  });

  describe('assertInventory', () => {
    async function inventory(): Promise<Inventory> {
      const { usage } = await start();
      const all = usage.tracker.inventory();
      return { ...all, actions: all.actions.filter(({ route }) => route.startsWith('/api/users')) };
    }

    /** What is said where an inventory is another one than that which was written. */
    async function said(change: (written: Inventory) => Inventory): Promise<string> {
      const now = await inventory();
      await writeInventory(folder.file('usage-inventory.json'), now);
      return assertInventory(folder.file('usage-inventory.json'), change(now)).then(
        () => '',
        (error: Error) => error.message,
      );
    }

    it('passes where nothing has changed but names', async () => {
      expect(
        await said((all) => ({
          ...all,
          serverName: 'other',
          actions: all.actions.toReversed().map((one) => Object.assign({}, one, { controller: 'Renamed' })),
        })),
      ).to.equal('');
    });

    it('names an action that has lost its tracking, and every policy that has changed', async () => {
      const message = await said((all) => ({
        ...all,
        application: { ...all.application, ip: 'full', retentionDays: 365 },
        actions: all.actions.map((one) =>
          one.action === 'one'
            ? { ...one, tracked: false }
            : {
                ...one,
                ip: 'none',
                query: [],
                params: { id: 'redact' },
                data: false,
                sampleRate: 1,
                retentionDays: 30,
              },
        ),
      }));
      const lines = message.split('\n');
      expect(lines[0]).to.match(
        /^What is recorded differs from '.*'\. If that is meant, call writeInventory\(/,
      );
      for (const field of ['ip', 'query', 'params', 'data', 'retentionDays'])
        expect(
          lines.filter((line) => line.startsWith(`- POST /api/users: ${field} was `)),
          field,
        ).to.have.lengthOf(1);
      expect(lines).to.include('- POST /api/users: sampleRate was 0.5, and is 1');
      expect(lines).to.include(
        '- GET /api/users/:id is not tracked any more: tracked was true, and is false',
      );
      expect(lines).to.include('- the application: ip was "truncate", and is "full"');
      expect(lines).to.include('- the application: retentionDays was null, and is 365');
    });

    it('names an action that is new, and one that has gone', async () => {
      const message = await said((all) => ({
        ...all,
        actions: all.actions.map((one) =>
          one.action === 'one' ? { ...one, route: '/api/users/:user' } : one,
        ),
      }));
      expect(message.split('\n').slice(1)).to.have.members([
        '- GET /api/users/:id is not there any more',
        '- GET /api/users/:user is new, and tracked',
      ]);
    });

    it('tells apart two routes of one name', async () => {
      const message = await said((all) => ({
        ...all,
        actions: all.actions.flatMap((one) => (one.action === 'one' ? [one, { ...one, ip: 'none' }] : [one])),
      }));
      expect(message.split('\n').slice(1)).to.have.lengthOf.at.least(1);
    });

    for (const [title, text] of [
      ['no JSON', '{'],
      ['a list', '[]'],
      ['that of decorators alone', '{ "actions": {} }'],
    ] as const) {
      it(`refuses a file that is ${title}`, async () => {
        await writeFile(folder.file('odd.json'), text);
        const refused = await assertInventory(folder.file('odd.json'), await inventory()).catch(
          (error: Error) => error,
        );
        expect(refused)
          .to.have.property('message')
          .that.matches(/was not written by writeInventory/);
      });
    }
  });
});
