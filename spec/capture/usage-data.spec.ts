import { EntitySchema, MikroORM } from '@mikro-orm/core';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Get, JsonController } from 'routing-controllers';
import { Tracked, TrackedController, UsageData, type UsageDataTracker, track } from '../../src/index.js';
import { onlyRecord, serveHandler } from '../support/serve-handler.js';
import { type Served, serve } from '../support/serve.js';

@TrackedController()
@JsonController('/search')
class SearchController {
  @Get('/')
  find(@UsageData() add: UsageDataTracker) {
    add({ results: 3 });
    return [];
  }

  @Tracked({ data: false })
  @Get('/private')
  hidden(@UsageData() add: UsageDataTracker) {
    add({ results: 3 });
    return [];
  }
}

describe("The application's own data", () => {
  let served: Served;
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);

  afterEach(async () => {
    lines.length = 0;
    await served.close();
  });

  async function recordOf(data: unknown): Promise<unknown> {
    served = await serveHandler(
      (ctx) => {
        track(ctx, data as object);
        ctx.body = 'ok';
      },
      { logger: { warn: log, error: log } },
    );
    expect(await (await fetch(served.origin)).text()).to.equal('ok');
    return (await onlyRecord(served)).trackVar;
  }

  it('is added up over calls, the last of a name counting', async () => {
    served = await serveHandler((ctx) => {
      track(ctx, { plan: 'free', tags: ['a'] });
      track(ctx, { plan: 'pro', nested: { deep: true } });
      ctx.body = 'ok';
    });
    await fetch(served.origin);
    expect((await onlyRecord(served)).trackVar).to.deep.equal({
      plan: 'pro',
      tags: ['a'],
      nested: { deep: true },
    });
  });

  it('is what it was when it was said', async () => {
    const data = { list: [1] };
    served = await serveHandler((ctx) => {
      track(ctx, data);
      data.list.push(2);
      ctx.body = 'ok';
    });
    await fetch(served.origin);
    expect((await onlyRecord(served)).trackVar).to.deep.equal({ list: [1] });
  });

  it('comes from a parameter of an action, unless its policy is to keep none', async () => {
    served = await serve({ controllers: [SearchController] });
    await fetch(`${served.origin}/search`);
    await fetch(`${served.origin}/search/private`);
    expect((await served.records()).map(({ trackVar }) => trackVar)).to.deep.equal([{ results: 3 }, null]);
  });

  it('is kept when the response has closed, as long as the record is not made', async () => {
    served = await serveHandler((ctx) => {
      ctx.res.on('close', () => track(ctx, { late: true }));
      ctx.body = 'ok';
    });
    await fetch(served.origin);
    expect((await onlyRecord(served)).trackVar).to.deep.equal({ late: true });
    expect(served.usage.tracker.stats().incomplete.trackVar.late).to.equal(0);
  });

  it('is counted and told of once when the record is made, and changes nothing', async () => {
    const contexts: object[] = [];
    served = await serveHandler(
      (ctx) => {
        contexts.push(ctx);
        track(ctx, { plan: 'pro' });
        ctx.body = 'ok';
      },
      { logger: { warn: log, error: log } },
    );
    await fetch(served.origin);
    const before = await served.records();
    for (let call = 0; call < 3; call += 1) track(contexts[0] as object, { plan: 'secret' });
    expect((await served.records()).map(({ trackVar }) => trackVar)).to.deep.equal([{ plan: 'pro' }]);
    expect(await served.records()).to.deep.equal(before);
    expect(served.usage.tracker.stats().incomplete.trackVar.late).to.equal(1);
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include('a late track(ctx, data) failed: ').and.not.include('secret');
  });

  it('is not missed where nothing is recorded of the request, or no data', async () => {
    const contexts: object[] = [];
    const keep: Middleware = (ctx, next) => {
      contexts.push(ctx);
      return next();
    };
    served = await serve({
      controllers: [SearchController],
      between: [keep],
      tracker: { logger: { warn: log, error: log } },
    });
    await fetch(`${served.origin}/search/private`);
    await fetch(`${served.origin}/nowhere`);
    expect(await served.records()).to.have.lengthOf(1);
    for (const ctx of contexts) track(ctx, { results: 4 });
    expect(served.usage.tracker.stats().incomplete.trackVar.late).to.equal(0);
    expect(lines).to.deep.equal([]);
  });

  it('does nothing where nobody tracks, but warns once of a middleware that is missing', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const fresh = '../../src/capture/usage-data.js?without-a-tracker';
    const { track: add } = (await import(fresh)) as { track: typeof track };
    add({}, { results: 'secret' });
    add({}, { results: 'secret' });
    served = await serveHandler((ctx) => {
      add(ctx, { results: 3 });
      ctx.body = 'ok';
    });
    await fetch(served.origin);
    expect((await onlyRecord(served)).trackVar).to.deep.equal({ results: 3 });
    process.off('warning', note);
    const messages = warnings
      .map(({ message }) => message)
      .filter((text) => text.includes('track(ctx, data)'));
    expect(messages).to.have.lengthOf(1);
    expect(messages[0]).to.include('app.use(trackUsage())').and.not.include('secret');
  });

  for (const [what, data, kept] of [
    ['a function', { a: 1, run: () => 1 }, { a: 1 }],
    ['a symbol', { a: 1, sign: Symbol('x') }, { a: 1 }],
    ['a function at depth', { nested: { f() {} } }, { nested: {} }],
    ['a function in a list', { list: [1, () => 1] }, { list: [1, null] }],
    ['a map', { m: new Map([['a', 1]]) }, { m: {} }],
    ['an error', { e: new Error('x') }, { e: {} }],
    ['binary data', { a: 1, file: Buffer.from('x') }, { a: 1 }],
    ['what its own toJSON makes text of', { toJSON: () => 'x' }, null],
    [
      'several of them',
      { nested: { f() {} }, list: [() => 1], m: new Map() },
      { nested: {}, list: [null], m: {} },
    ],
    ['a list instead of an object', [1], null],
    ['text instead of an object', 'x', null],
    ['null', null, null],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no');
        },
      },
      null,
    ],
  ] as [string, unknown, unknown][]) {
    it(`leaves out ${what}, with one line in the log`, async () => {
      expect(await recordOf(data)).to.deep.equal(kept);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.match(/track\(ctx, data\)/);
    });
  }

  it('takes of an entity what it shows of itself, and nothing that is hidden', async () => {
    const Person = new EntitySchema<{ id: number; name: string; password: string }>({
      name: 'Person',
      properties: {
        id: { type: 'number', primary: true },
        name: { type: 'string' },
        password: { type: 'string', hidden: true },
      },
    });
    const orm = await MikroORM.init({ driver: SqliteDriver, dbName: ':memory:', entities: [Person] });
    try {
      const person = orm.em.fork().create(Person, { id: 1, name: 'Ada', password: 'secret' });
      expect(await recordOf({ person })).to.deep.equal({ person: { id: 1, name: 'Ada' } });
      await served.close();
      expect(await recordOf(person)).to.deep.equal({ id: 1, name: 'Ada' });
      expect(lines).to.deep.equal([]);
    } finally {
      await orm.close();
    }
  });

  it('looks no further into a long list than is kept of it', async () => {
    let last = 0;
    const list = new Proxy(
      Array.from({ length: 1000 }, () => 1),
      {
        get: (target, name) => {
          if (typeof name === 'string' && /^\d+$/.test(name)) last = Math.max(last, Number(name));
          return Reflect.get(target, name) as unknown;
        },
        ownKeys: () => {
          throw new Error('each item has a name');
        },
      },
    );
    expect(await recordOf({ list })).to.deep.equal({ list: [...Array.from({ length: 64 }, () => 1), '…'] });
    expect(last).to.be.at.most(64);
  });

  it('takes what JSON can hold without a word, in whatever object', async () => {
    class Plan {
      name = 'pro';
    }
    const data = {
      plan: new Plan(),
      at: new Date(0),
      url: new URL('https://example.org'),
      none: {},
      bare: Object.create(null),
      list: [],
      n: 1n,
    };
    await recordOf(data);
    expect(lines).to.deep.equal([]);
  });

  it('leaves out undefined without a word, and cuts what goes round in a circle', async () => {
    const circle: Record<string, unknown> = { a: undefined, b: 1 };
    circle['self'] = circle;
    expect(await recordOf(circle)).to.have.property('b', 1);
    expect(lines).to.deep.equal([]);
  });
});
