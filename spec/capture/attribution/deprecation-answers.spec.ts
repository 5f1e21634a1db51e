import { Readable } from 'node:stream';
import { IsInt } from 'class-validator';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import {
  Authorized,
  Body,
  Ctx,
  Get,
  HttpError,
  JsonController,
  Post,
  QueryParam,
  Redirect,
  SessionParam,
  UseBefore,
} from 'routing-controllers';
import { Deprecated, type TrackUsageOptions } from '../../../src/index.js';
import { type Announcement, readAnnouncement } from '../../support/announcements.js';
import { type Served, serve } from '../../support/serve.js';

class Parcel {
  @IsInt()
  grams = 0;
}

const throws: Middleware = () => {
  throw new HttpError(409, 'a function');
};

class Throwing {
  use(): never {
    throw new HttpError(409, 'a class');
  }
}

@Deprecated({
  since: '2026-01-01',
  sunset: new Date('2026-12-31T23:59:59.999Z'),
  replacement: '/v2/old',
  link: 'https://shop.example/news/v1',
})
@JsonController('/old')
class OldController {
  @Get('/plain')
  plain() {
    return { fine: true };
  }

  @Get('/nothing')
  nothing() {
    return null;
  }

  @Get('/undefined')
  undefined() {
    return undefined;
  }

  @Get('/status')
  status(@Ctx() ctx: Context) {
    ctx.status = 410;
    return { gone: true };
  }

  @Redirect('/old/plain')
  @Get('/redirect')
  redirect() {
    return undefined;
  }

  @Get('/fresh')
  fresh(@Ctx() ctx: Context) {
    ctx.etag = 'v1';
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    return ctx;
  }

  @Get('/http-error')
  httpError() {
    throw new HttpError(418, 'teapot');
  }

  @Get('/late-error')
  async lateError() {
    throw new RangeError('later');
  }

  @Get('/session')
  session(@SessionParam('cart') cart: string) {
    return { cart };
  }

  @Get('/required')
  required(@QueryParam('q', { required: true }) q: string) {
    return { q };
  }

  @Post('/body')
  body(@Body() parcel: Parcel) {
    return parcel;
  }

  @UseBefore(throws)
  @Get('/function')
  function() {
    return {};
  }

  @UseBefore(Throwing)
  @Get('/class')
  class() {
    return {};
  }

  @Authorized()
  @Get('/door')
  door() {
    return {};
  }

  @Authorized('admin')
  @Get('/safe')
  safe() {
    return {};
  }

  @Get('/stream')
  stream() {
    return Readable.from(['a', 'b']);
  }

  @Get('/flushed')
  flushed(@Ctx() ctx: Context) {
    ctx.status = 200;
    ctx.flushHeaders();
    return { fine: true };
  }

  @Get('/raw')
  raw(@Ctx() ctx: Context) {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    ctx.res.end('raw');
    return ctx;
  }

  @Get('/raw/head')
  rawHead(@Ctx() ctx: Context) {
    ctx.respond = false;
    ctx.res.writeHead(202, 'Fine', { 'X-Own': 'yes' }).end('raw');
    return ctx;
  }
}

@JsonController('/new')
class NewController {
  @Get('/plain')
  plain() {
    return {};
  }

  @Get('/error')
  error() {
    throw new HttpError(418, 'teapot');
  }
}

const ANNOUNCED: Announcement = {
  since: '2026-01-01T00:00:00.000Z',
  sunset: '2026-12-31T23:59:59.000Z',
  links: ['/v2/old successor-version', 'https://shop.example/news/v1 deprecation text/html'],
};

const WRONG_BODY: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"grams":"many"}',
};

type Case = [path: string, handled: number, unhandled: number, init?: RequestInit];

/** What the client gets with routing-controllers' error handler, and with Koa's own. */
const CASES: readonly Case[] = [
  ['/old/plain', 200, 200],
  ['/old/plain', 200, 200, { method: 'HEAD' }],
  ['/old/nothing', 204, 204],
  ['/old/undefined', 404, 500],
  ['/old/status', 410, 410],
  ['/old/redirect', 302, 302, { redirect: 'manual' }],
  ['/old/fresh', 304, 304, { headers: { 'if-none-match': '"v1"', 'cache-control': 'max-age=0' } }],
  ['/old/http-error', 418, 500],
  ['/old/http-error', 418, 500, { method: 'HEAD' }],
  ['/old/late-error', 500, 500],
  ['/old/session', 500, 500],
  ['/old/required', 400, 500],
  ['/old/body', 400, 500, WRONG_BODY],
  ['/old/function', 500, 500],
  ['/old/class', 409, 500],
  ['/old/door', 401, 500],
  ['/old/safe', 403, 500],
  ['/old/stream', 200, 200],
  ['/old/flushed', 200, 200],
  ['/old/raw', 200, 200],
  ['/old/raw/head', 202, 202],
];

/** Requests that no deprecated action answers. */
const OTHERS: readonly Case[] = [
  ['/old/plain', 200, 200, { method: 'OPTIONS' }],
  ['/old/plain', 405, 405, { method: 'PUT' }],
  ['/old/nowhere', 404, 404],
  ['/new/plain', 200, 200],
  ['/new/error', 418, 500],
];

for (const defaultErrorHandler of [true, false]) {
  for (const tracker of [{}, { defaultPolicy: 'include', sampleRate: 0 }] as TrackUsageOptions[]) {
    const how = `${defaultErrorHandler ? 'with' : 'without'} routing-controllers' error handler, and ${tracker.defaultPolicy === undefined ? 'untracked' : 'tracked'}`;

    describe(`A deprecated action ${how}`, () => {
      let served: Served;

      before(async () => {
        served = await serve({
          controllers: [OldController, NewController],
          routing: { defaultErrorHandler, authorizationChecker: () => false },
          tracker,
        });
      });

      after(() => served.close());

      for (const [path, handled, unhandled, init] of CASES) {
        it(`announces it in the answer to ${init?.method ?? 'GET'} ${path}`, async () => {
          const response = await fetch(served.origin + path, init);
          await response.text().catch(() => '');
          expect(response.status).to.equal(defaultErrorHandler ? handled : unhandled);
          expect(readAnnouncement(response.headers)).to.deep.equal(ANNOUNCED);
        });
      }

      for (const [path, handled, unhandled, init] of OTHERS) {
        it(`announces nothing in the answer to ${init?.method ?? 'GET'} ${path}, which it does not answer`, async () => {
          const response = await fetch(served.origin + path, init);
          expect(response.status).to.equal(defaultErrorHandler ? handled : unhandled);
          expect(readAnnouncement(response.headers)).to.equal(null);
        });
      }

      it('makes no record that is not asked for', async () => {
        expect(await served.records()).to.deep.equal([]);
      });
    });
  }
}
