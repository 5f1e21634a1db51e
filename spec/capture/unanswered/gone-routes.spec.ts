import { Router } from '@koa/router';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Get, JsonController, Post } from 'routing-controllers';
import {
  type TrackUsageOptions,
  TrackedController,
  UntrackedController,
  tracked,
} from '../../../src/index.js';
import type { EndpointDeclaration } from '../../../src/endpoint/register.js';
import { RegisterWriter } from '../../../src/endpoint/register-writer.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { forgetDeclared } from '../../support/declared.js';
import { mountable } from '../../support/mountable.js';
import { declare, writerSettings } from '../../support/register-writers.js';
import { type ServeOptions, type Served, serve } from '../../support/serve.js';
import { declaredIn } from '../../support/register.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();
const DAY_MS = 86_400_000;

@JsonController('/users')
@TrackedController()
class UsersController {
  @Get('/me') me(): object {
    return {};
  }
  @Post('/:id/pets') pets(): object {
    return {};
  }
  @Get('/lost/:id') lost(): undefined {
    return undefined;
  }
}

@JsonController('/health')
@UntrackedController()
class HealthController {
  @Get('/live') live(): object {
    return {};
  }
}

/** What an earlier build declared. */
const GONE = [
  declare('/users/:id'),
  declare('/users/:id/pets/:pet'),
  declare('/users/:id/pets/first'),
  declare('/users/:id/pets', { method: 'DELETE' }),
  declare('/users/lost/:key'),
  declare('/plain/:id'),
  declare('/any/:id', { method: 'ALL' }),
  declare('/health/:part'),
  declare('/secret', { tracked: false }),
  declare('/files/*path'),
];

describe('A request for an endpoint that is gone', () => {
  let served: Served;
  let storage: MemoryStorage;
  let clock: ManualClock;

  beforeEach(() => {
    forgetDeclared();
    storage = new MemoryStorage();
    clock = new ManualClock(new Date('2026-06-01T12:00:00Z'));
  });

  afterEach(() => served.close());

  async function start(
    { tracker, ...options }: ServeOptions = {},
    { ageDays = 1, gone = GONE }: { ageDays?: number; gone?: readonly EndpointDeclaration[] } = {},
  ): Promise<void> {
    const before = clock.now() - ageDays * DAY_MS;
    const settings = { service: 'spec', declared: () => [gone] };
    await new RegisterWriter(writerSettings(storage.register, () => before, settings)).write(true, signal);
    const router = new Router();
    router.get('/plain/now', tracked(), (context) => context.throw(404));
    const given: TrackUsageOptions = { storage, clock, ...tracker };
    served = await serve({
      controllers: [UsersController, HealthController],
      between: mountable(router),
      ...options,
      tracker: given,
    });
    await clock.advance(20_000);
    await until(async () => (await declaredIn(storage)).includes('GET /users/me'), 'the register is read');
  }

  /** The route, the path, the status and the controller of what is recorded of a request. */
  async function recordOf(path: string, method = 'GET'): Promise<unknown> {
    await (await fetch(served.origin + path, { method })).text();
    await served.records();
    const [record] = storage.records.slice(-1);
    storage.clear();
    return record && [record.route, record.path, record.status, record.controller, record.action];
  }

  const of = (route: string, status = 404): unknown[] => [route, route, status, null, null];

  it('is recorded with its template, and nothing of its path', async () => {
    await start();
    expect(await recordOf('/users/5?token=x')).to.deep.equal(of('/users/:id'));
    expect(await recordOf('/USERS/5/', 'HEAD')).to.deep.equal(of('/users/:id'));
    expect(await recordOf('/users/5/pets/7')).to.deep.equal(of('/users/:id/pets/:pet'));
    expect(await recordOf('/users/5/pets/first')).to.deep.equal(of('/users/:id/pets/first'));
    expect(await recordOf('/any/5', 'PATCH')).to.deep.equal(of('/any/:id'));
  });

  it('is recorded where only other methods are left, whatever answers it', async () => {
    await start();
    expect(await recordOf('/users/5/pets', 'DELETE')).to.deep.equal(of('/users/:id/pets', 405));
  });

  it('is none that an action or a route of now is for', async () => {
    await start();
    expect(await recordOf('/users/me')).to.include('/users/me');
    expect(await recordOf('/users/lost/5')).to.include('/users/lost/:id');
    expect(await recordOf('/plain/now')).to.include('/plain/now');
    expect(await recordOf('/health/live')).to.equal(undefined);
  });

  it('is none to what was untracked, to a wildcard, by another method, or to nothing', async () => {
    await start();
    for (const path of ['/secret', '/files/a', '/files', '/users', '/users/5/6', '/']) {
      expect(await recordOf(path), path).to.equal(undefined);
    }
    expect(await recordOf('/users/5', 'POST')).to.equal(undefined);
  });

  it('is none that something else has answered', async () => {
    const file: Middleware = (context, next) => {
      if (context.path === '/users/file') context.body = 'a file';
      return next();
    };
    await start({ between: [file] });
    expect(await recordOf('/users/file')).to.equal(undefined);
  });

  it('is told apart where unanswered requests are tracked', async () => {
    await start({ tracker: { defaultPolicy: 'include', trackUnmatched: true } });
    expect(await recordOf('/users/5')).to.deep.equal(of('/users/:id'));
    expect(await recordOf('/other/5')).to.deep.equal([null, '/other/5', 404, null, null]);
  });

  it('keeps no address and no query, and is skipped as others are', async () => {
    await start({ tracker: { ip: 'full', query: ['q'], ignorePaths: ['/users/ignored'] } });
    await (await fetch(`${served.origin}/users/5?q=1`)).text();
    await (await fetch(`${served.origin}/users/ignored`)).text();
    await served.records();
    expect(storage.records).to.have.lengthOf(1);
    expect(storage.records[0]).to.deep.include({ remoteAddr: null, query: null, params: null });
  });

  it('is forgotten after 180 days', async () => {
    await start({}, { ageDays: 181 });
    expect(await recordOf('/users/5')).to.equal(undefined);
  });

  it('is told apart for the 2,000 endpoints that were there last', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => declare(`/many/${index}`));
    await start({}, { gone: many, ageDays: 3 });
    const routes = many.map(({ route }) => route).toSorted();
    for (const [index, route] of routes.entries())
      if (index % 125 === 0)
        expect(await recordOf(route)).to.deep.equal(index < 2000 ? of(route) : undefined);
  });
});
