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
      .get('/unasked', tracked(), (context) => void (context.body = 'plain'));
    served = await serve({
      controllers: [UserController],
      routing: { routePrefix: '/api' },
      between: [router.routes() as never],
      tracker: { ip: 'truncate' },
    });
    await (await fetch(`${served.origin}/plain`)).text();
    return served;
  }

  describe('writeRoutes', () => {
    it('writes the routes of actions, and plain ones that were asked for, in one order', async () => {
      const { app } = await start();
      await writeRoutes(folder.file('routes.json'), app);
      const text = await readFile(folder.file('routes.json'), 'utf8');
      const controller = 'UserController';
      expect(parseRoutes(text)).to.deep.equal([
        { method: 'POST', route: '/api/users', controller, action: 'create' },
        { method: 'GET', route: '/api/users/:id', controller, action: 'one' },
        { method: 'ALL', route: '/api/users/any', controller, action: 'any' },
        { method: 'GET', route: '/plain', controller: null, action: null },
      ]);
      expect(text).to.equal(`${JSON.stringify({ routes: parseRoutes(text) }, null, 2)}\n`);
    });

    it('refuses an application of which nobody knows where it is mounted, and not once it was asked', async () => {
      await start();
      const inner = createKoaServer({ controllers: [UserController] }) as Koa;
      const refused = await writeRoutes(folder.file('routes.json'), inner).catch(
        (error: Error) => error.message,
      );
      expect(refused).to.match(/the application with \w+ \/users\S* is not served, and may be mounted/);
      const outer = await serve({ between: [mount('/inner', inner)] });
      await (await fetch(`${outer.origin}/inner/users/1`)).text();
      await outer.close();
      await writeRoutes(folder.file('routes.json'), inner);
      const routes = parseRoutes(await readFile(folder.file('routes.json'), 'utf8'));
      expect((routes as readonly { route: string }[]).map(({ route }) => route)).to.deep.equal([
        '/inner/users',
        '/inner/users/:id',
        '/inner/users/any',
      ]);
    });

    it('refuses to write no route at all', async () => {
      const refused = await writeRoutes(folder.file('routes.json'), new Koa()).catch(
        (error: Error) => error.message,
      );
      expect(refused).to.match(/no route is known\. Call trackUsage\(\), and then useKoaServer\(\)/);
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
          actions: all.actions.toReversed().map((one) => ({ ...one, controller: 'Renamed' })),
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
