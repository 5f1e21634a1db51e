import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Koa, { type Context, type Middleware } from 'koa';
import { BadRequestError, Get, JsonController, Param, useKoaServer } from 'routing-controllers';
import { Container } from 'typedi';
import {
  StorageToken,
  type TrackUsageOptions,
  TrackedController,
  type UsageStorage,
} from '../../src/index.js';
import { CrashWatch, KeepingLogger } from '../support/crash-watch.js';
import { askRaw } from '../support/raw-http.js';
import { onlyRecord, serveHandler } from '../support/serve-handler.js';
import { type Served, serve } from '../support/serve.js';

@TrackedController()
@JsonController('/isolated')
class IsolatedController {
  @Get('/:id')
  one(@Param('id') id: string) {
    if (id === 'bad') throw new BadRequestError('bad id');
    return { id };
  }
}

const stored = (name: string, store: () => unknown): UsageStorage => ({
  name,
  store: store as UsageStorage['store'],
});

const STORAGES: [string, () => UsageStorage][] = [
  [
    'throws at once',
    () =>
      stored('spec', () => {
        throw new Error('no disk');
      }),
  ],
  ['rejects', () => stored('spec', () => Promise.reject(new Error('no disk')))],
  ['rejects with nothing', () => stored('spec', () => Promise.reject(undefined))],
  ['hangs', () => stored('spec', () => new Promise(() => undefined))],
  ...[undefined, null, 7, 'stored', {}, { stored: 'all', refused: null }, { stored: -1, refused: [{}] }].map(
    (garbage): [string, () => UsageStorage] => [
      `answers ${JSON.stringify(garbage)}`,
      () => stored('spec', () => garbage),
    ],
  ),
];

const USERS: [string, (ctx: Context) => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('no session');
    },
  ],
  [
    'throws nothing',
    () => {
      throw undefined;
    },
  ],
  ['returns the promise of a number', () => Promise.resolve(7)],
  ['returns a promise that rejects', () => Promise.reject(new Error('no session'))],
  ['returns a number', () => 7],
  [
    'returns an object whose getters throw',
    () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- that is the trap
      get then() {
        throw new Error('trap');
      },
      get toString() {
        throw new Error('trap');
      },
    }),
  ],
  [
    'throws an error whose message throws',
    () => {
      throw Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('trap');
        },
      });
    },
  ],
  ['reads what is not there', (ctx) => (ctx.state['session'] as { name: string }).name],
];

const ok: Middleware = (ctx) => {
  ctx.set('X-Answer', '42');
  ctx.body = 'ok';
};

function fail(): never {
  throw new Error('broken');
}

function failLater(): Promise<never> {
  return Promise.reject(new Error('broken'));
}

function withoutDate(response: string): string {
  return response.replace(/\r\nDate: [^\r]+/, '');
}

/** What an application of controllers answers, as bytes. */
async function answers(port: number): Promise<string[]> {
  const requests = [
    ['/isolated/7', 'GET'],
    ['/isolated/bad', 'GET'],
    ['/isolated/7', 'HEAD'],
    ['/nowhere', 'GET'],
  ] as const;
  const responses: string[] = [];
  for (const [path, method] of requests) {
    responses.push(withoutDate(await askRaw(port, path, [], method)));
  }
  return responses;
}

describe('A response', () => {
  let served: Served;
  let watch: CrashWatch;
  let logger: KeepingLogger;
  let untracked: string[];

  async function start(tracker: TrackUsageOptions): Promise<void> {
    served = await serve({ controllers: [IsolatedController], tracker: { logger, ...tracker } });
  }

  before(async () => {
    const app = useKoaServer(new Koa(), { development: false, controllers: [IsolatedController] });
    app.silent = true;
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    untracked = await answers((server.address() as AddressInfo).port);
    await new Promise((resolve) => server.close(resolve));
  });

  beforeEach(() => {
    logger = new KeepingLogger();
    watch = new CrashWatch();
    watch.start();
  });

  afterEach(async () => {
    await served.close();
    await watch.stop();
    expect(watch.crashes).to.deep.equal([]);
  });

  for (const [what, storage] of STORAGES) {
    it(`is the same as ever while the storage ${what}`, async () => {
      await start({ storage: storage(), batch: { maxRecords: 1, maxDelayMs: 1 } });
      expect(await answers(served.port)).to.deep.equal(untracked);
      expect(served.usage.tracker.stats().accepted).to.equal(3);
    });
  }

  it('is the same as ever where there is no storage, and the log says how to add one', async () => {
    Container.remove(StorageToken);
    await start({ storage: undefined, container: Container.of('capture-spec-empty') });
    expect(await answers(served.port)).to.deep.equal(untracked);
    expect(served.usage.tracker.stats().dropped).to.include({ 'no-storage': 3 });
    const advice = logger.lines.filter((line) =>
      line.includes("import { StorageToken } from 'koa-track-usage'"),
    );
    expect(advice).to.have.length(1);
    expect(advice[0]).to.include('Container.set(StorageToken, storage)');
  });

  it('is the same as ever while the logger throws', async () => {
    await start({
      storage: STORAGES[0]?.[1](),
      logger: { warn: fail, error: fail },
      batch: { maxDelayMs: 1 },
    });
    expect(await answers(served.port)).to.deep.equal(untracked);
  });

  it('is the same as ever while an asynchronous logger rejects', async () => {
    await start({
      storage: STORAGES[0]?.[1](),
      logger: { warn: failLater, error: failLater },
      batch: { maxDelayMs: 1 },
    });
    expect(await answers(served.port)).to.deep.equal(untracked);
    await served.usage.tracker.flush();
  });

  for (const [what, user] of USERS) {
    it(`is the same as ever where the option 'user' ${what}, and the log says so once`, async () => {
      served = await serveHandler(ok, { logger, user: user as (ctx: Context) => string | undefined });
      for (let count = 0; count < 3; count += 1) {
        expect(await askRaw(served.port, '/')).to.match(
          /^HTTP\/1.1 200 OK\r\nX-Answer: 42\r\n[^]*\r\n\r\nok$/,
        );
      }
      const records = await served.records();
      expect(records.map(({ username, status }) => [username, status])).to.deep.equal(
        records.map(() => [null, 200]),
      );
      expect(records).to.have.length(3);
      expect(logger.lines).to.have.length(1);
      expect(logger.lines[0]).to.include("the option 'user' failed");
    });
  }

  it('is the same as ever while the clock throws, and the loss is counted', async () => {
    let broken = false;
    served = await serveHandler(ok, {
      logger,
      clock: {
        now: () => (broken ? fail() : Date.now()),
        monotonic: () => performance.now(),
        setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
        clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
      },
    });
    broken = true;
    expect(await askRaw(served.port, '/')).to.match(/^HTTP\/1.1 200 [^]*ok$/);
    broken = false;
    expect(await askRaw(served.port, '/')).to.match(/^HTTP\/1.1 200 [^]*ok$/);
    expect(await onlyRecord(served)).to.include({ status: 200 });
    expect(served.usage.tracker.stats().dropped).to.include({ internal: 1 });
  });

  it('is the same as ever where a request can be watched only half, which is counted once', async () => {
    const stream = {
      on() {
        throw new Error('no listeners here');
      },
    };
    served = await serve({
      before: [(context, next) => (Object.assign(context.res, { stream }), next())],
      between: [ok],
      tracker: { logger, defaultPolicy: 'include', trackUnmatched: true },
    });
    expect(await askRaw(served.port, '/')).to.match(/^HTTP\/1.1 200 [^]*ok$/);
    expect(await served.records()).to.deep.equal([]);
    const { accepted, dropped } = served.usage.tracker.stats();
    expect([accepted, dropped.internal]).to.deep.equal([1, 1]);
  });
});
