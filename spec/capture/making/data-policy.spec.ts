import { expect } from 'chai';
import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { Ctx, Get, JsonController, Param } from 'routing-controllers';
import { Tracked, TrackedController, track, tracked } from '../../../src/index.js';
import { onlyRecord } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';

@TrackedController({ query: ['page'], params: { id: 'redact' }, name: 'Library' })
@JsonController('/books')
class BookController {
  @Get('/:id')
  one(@Param('id') id: string) {
    return { id };
  }

  @Tracked({ ip: 'none', query: ['sort', 'token'], params: { id: 'keep' }, name: 'chapters' })
  @Get('/:id/chapters')
  list(@Param('id') id: string) {
    return { id };
  }

  @Tracked({ sampleRate: 0 })
  @Get('/:id/never')
  never() {
    return {};
  }
}

@TrackedController({ ip: 'none' })
@JsonController('/papers')
class PaperController extends BookController {
  @Tracked()
  @Get('/:id/chapters')
  override list(@Param('id') id: string) {
    return { id };
  }
}

@TrackedController({ sampleRate: 0, data: false })
@JsonController('/diaries')
class DiaryController {
  @Get('/')
  list() {
    return [];
  }

  @Tracked({ sampleRate: 1 })
  @Get('/sealed')
  sealed(@Ctx() ctx: Context) {
    track(ctx, { pages: 3 });
    return {};
  }

  @Tracked({ sampleRate: 1, data: true })
  @Get('/open')
  open(@Ctx() ctx: Context) {
    track(ctx, { pages: 3 });
    return {};
  }
}

@TrackedController()
@JsonController('/reset')
class ResetController {
  @Get('/:token')
  one() {
    return {};
  }

  @Tracked({ params: { id: 'redact' } })
  @Get('/people/:id')
  person() {
    return {};
  }
}

describe('The data policy of an action', () => {
  let served: Served;

  before(async () => {
    served = await serve({
      controllers: [BookController, PaperController, DiaryController],
      tracker: { query: ['q'], params: { other: 'redact' } },
      before: [],
      between: [
        new Router()
          .get(
            '/plain/:id',
            tracked({ name: 'plain', params: { id: 'redact' } }),
            (ctx) => void (ctx.body = 'ok'),
          )
          .routes() as Middleware,
      ],
    });
  });

  afterEach(() => served.memory.clear());
  after(() => served.close());

  it('is that of its class where it says nothing itself', async () => {
    await fetch(`${served.origin}/books/4711?page=2&q=x&sort=y`);
    const record = await onlyRecord(served);
    expect(record).to.deep.include({ controller: 'Library', action: 'one', path: '/books/REDACTED' });
    expect(record.query).to.deep.equal({ page: '2' });
    expect(record.params).to.deep.equal({ id: 'REDACTED' });
    expect(record.url).to.equal(`${served.origin}/books/REDACTED?page=2`);
    expect(record.remoteAddr).to.equal('127.0.0.0');
  });

  it('is its own where it says something, and that of its class for the rest', async () => {
    await fetch(`${served.origin}/books/4711/chapters?page=2&sort=y&token=hush`);
    const record = await onlyRecord(served);
    expect(record).to.deep.include({
      controller: 'Library',
      action: 'chapters',
      remoteAddr: null,
      params: { id: '4711' },
    });
    expect(record.query).to.deep.equal({ sort: 'y', token: 'REDACTED' });
    expect(JSON.stringify(record)).to.not.include('hush');
  });

  it('is inherited option by option', async () => {
    await fetch(`${served.origin}/papers/4711/chapters?page=2&sort=y`);
    const record = await onlyRecord(served);
    expect(record).to.deep.include({
      controller: 'Library',
      action: 'chapters',
      remoteAddr: null,
      params: { id: '4711' },
      query: { sort: 'y' },
    });
  });

  it('samples', async () => {
    for (let request = 0; request < 20; request += 1) await fetch(`${served.origin}/books/1/never`);
    expect(await served.records()).to.deep.equal([]);
    expect(served.usage.tracker.stats()).to.deep.include({
      skipped: { ignored: 0, signal: 0, bot: 0, sampled: 20, untracked: 0 },
    });
  });

  it('is that of its class for sampling and own data as well', async () => {
    for (const path of ['', '/sealed', '/open']) await fetch(`${served.origin}/diaries${path}`);
    const records = await served.records();
    expect(records.map(({ action, trackVar }) => [action, trackVar])).to.deep.equal([
      ['sealed', null],
      ['open', { pages: 3 }],
    ]);
  });

  it('works for routes without a class', async () => {
    await fetch(`${served.origin}/plain/4711`);
    expect(await onlyRecord(served)).to.deep.include({
      controller: null,
      action: 'plain',
      path: '/plain/REDACTED',
      params: { id: 'REDACTED' },
    });
  });
});

describe('Parameters that cannot be read', () => {
  for (const path of ['/reset/hunter2', '/reset/people/hunter2']) {
    it(`are not in the path ${path} either, in whose place the template stands`, async () => {
      const served = await serve({
        controllers: [ResetController],
        tracker: { logger: { warn: () => {}, error: () => {} } },
        between: [
          (ctx, next) => {
            const params = {
              get boom() {
                throw new Error('boom');
              },
            };
            Object.assign(ctx, { params: Object.create(null, Object.getOwnPropertyDescriptors(params)) });
            return next();
          },
        ],
      });
      expect(await (await fetch(served.origin + path)).json()).to.deep.equal({});
      const record = await onlyRecord(served);
      expect(JSON.stringify(record)).to.not.include('hunter2');
      expect(record).to.include({ path: record.route, url: `${served.origin}${record.route}`, params: null });
      await served.close();
    });
  }
});
