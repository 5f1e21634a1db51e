import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Get, JsonController } from 'routing-controllers';
import { type TrackUsageOptions, Tracked } from '../../src/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { type ServeOptions, type Served, serve } from '../support/serve.js';

const REQUESTS = 50;

/** The path of the request in whose asynchronous context this is called. */
type Current = () => string;

/** What callbacks make known of the context that they were called in, and where a record tells of it. */
interface Row {
  readonly options: (current: Current) => TrackUsageOptions;
  readonly read: (record: UsageRecord) => unknown;
}

const ofUser = ({ username }: UsageRecord): unknown => username;

const READ: Record<string, Row> = {
  'the option user': { options: (current) => ({ user: () => current() }), read: ofUser },
  'the option user, where it is asynchronous': {
    options: (current) => ({
      async user() {
        await nextTurn();
        return current();
      },
    }),
    read: ofUser,
  },
  'a query that the option user returns, and that begins when somebody waits for it': {
    options: (current) => ({
      // oxlint-disable-next-line unicorn/no-thenable -- as the query builders of databases are
      user: () => ({ then: (resolve: (name: string) => void) => resolve(current()) }) as Promise<string>,
    }),
    read: ofUser,
  },
  'the option redact': {
    options: (current) => ({ redact: (record) => void (record.trackVar = { seen: current() }) }),
    read: ({ trackVar }) => trackVar?.['seen'],
  },
  'the option redact, of records that waited': {
    options: (current) => ({
      user: () => nextTurn('ada'),
      redact: (record) => void (record.trackVar = { seen: current() }),
    }),
    read: ({ trackVar }) => trackVar?.['seen'],
  },
  'the option geo, where addresses wait for their turn': {
    options: (current) => ({
      trustProxy: 1,
      geo: {
        lookup: () => nextTurn().then(() => ({ city: current() })),
        maxConcurrent: 2,
        maxWaitMs: 60_000,
      },
    }),
    read: ({ ipInfo }) => ipInfo?.['city'],
  },
  'the option trustProxy': {
    options: (current) => ({ ip: 'full', trustProxy: (_, hop) => hop === 0 && isOdd(current()) }),
    read: ({ path, remoteAddr, xForwardedFor }) =>
      (remoteAddr !== '127.0.0.1') === isOdd(path) && (xForwardedFor !== null) === isOdd(path)
        ? path
        : remoteAddr,
  },
};

/** Callbacks that say which requests are recorded: those of odd users. */
const CHOOSE: Record<string, (current: Current) => TrackUsageOptions> = {
  'the option ignore': (current) => ({ ignore: () => !isOdd(current()) }),
  'the option sampleRate': (current) => ({ sampleRate: () => (isOdd(current()) ? 1 : 0) }),
};

let current: Current;

@JsonController('/sampled')
class SampledController {
  @Tracked({ sampleRate: () => (isOdd(current()) ? 1 : 0) })
  @Get('/:id')
  one() {
    return {};
  }
}

const PATHS = Array.from({ length: REQUESTS }, (_, index) => `/user${index}`);

function isOdd(path: string): boolean {
  return Number(/\d+$/.exec(path)?.[0]) % 2 === 1;
}

/** Lets nobody through until all requests are there: they are answered, and their records made, in a row. */
function together(): Middleware {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return async (context, next) => {
    arrived += 1;
    if (arrived === REQUESTS) resolve();
    await promise;
    await next();
    if (!context.path.startsWith('/sampled')) context.body = 'ok';
  };
}

describe("Functions of the application's own, in fifty requests at a time", () => {
  let served: Served | null = null;

  afterEach(async () => {
    await served?.close();
    served = null;
  });

  async function open(options: ServeOptions): Promise<Served> {
    const tracker = { defaultPolicy: 'include', trackUnmatched: true, ...options.tracker } as const;
    served = await serve({ asyncLocalStorage: true, between: [together()], ...options, tracker });
    const { app } = served;
    current = () => app.currentContext?.['path'] ?? 'none';
    return served;
  }

  async function askAll(paths: readonly string[], signal: AbortSignal | null = null): Promise<void> {
    const asked = paths.map(async (path, index) => {
      const headers = { 'x-forwarded-for': `8.0.0.${index}` };
      await (await fetch(served?.origin + path, { headers, signal })).text();
    });
    await Promise.allSettled(asked);
  }

  for (const [title, { options, read }] of Object.entries(READ)) {
    it(`see the asynchronous context of their own request: ${title}`, async () => {
      const opened = await open({ tracker: options(() => current()) });
      await askAll(PATHS);
      const seenBy = (await opened.records()).map((record) => [record.path, read(record)]);
      expect(seenBy).to.have.lengthOf(REQUESTS);
      for (const [path, seen] of seenBy) expect(seen).to.equal(path);
    });
  }

  for (const [title, options] of Object.entries(CHOOSE)) {
    it(`decide by the asynchronous context of their own request: ${title}`, async () => {
      const opened = await open({ tracker: options(() => current()) });
      await askAll(PATHS);
      const paths = (await opened.records()).map(({ path }) => path);
      expect(new Set(paths)).to.deep.equal(new Set(PATHS.filter(isOdd)));
    });
  }

  it('decide by the asynchronous context of their own request: sampleRate of a decorator', async () => {
    const opened = await open({ controllers: [SampledController] });
    await askAll(PATHS.map((_, id) => `/sampled/${id}`));
    const ids = (await opened.records()).map(({ params }) => Number(params?.['id']));
    expect(ids.toSorted((one, other) => one - other)).to.deep.equal(
      PATHS.map((_, id) => id).filter((id) => id % 2),
    );
  });

  it('see that of requests whose client left', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const never: Middleware = (context) => {
      count += 1;
      if (count === REQUESTS) resolve();
      context.respond = false;
    };
    const opened = await open({ between: [never], tracker: { user: () => current() } });
    const client = new AbortController();
    const asked = askAll(PATHS, client.signal);
    await arrived;
    client.abort();
    await asked;
    const found = await opened.records();
    expect(found).to.have.lengthOf(REQUESTS);
    for (const { path, username, aborted } of found) expect([username, aborted]).to.deep.equal([path, true]);
  });

  it('see what surrounds the middleware, and what others put into it later', async () => {
    const requests = new AsyncLocalStorage<{ user: string | null }>();
    const opened = await open({
      asyncLocalStorage: false,
      before: [(_, next) => requests.run({ user: null }, next)],
      between: [
        (context, next) => {
          const store = requests.getStore();
          if (store) store.user = context.path;
          return requests.run({ user: 'inner' }, next);
        },
        together(),
      ],
      tracker: { user: () => requests.getStore()?.user ?? undefined },
    });
    await askAll(PATHS);
    for (const { path, username } of await opened.records()) expect(username).to.equal(path);
  });
});
