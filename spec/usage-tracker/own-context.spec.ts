import { fileURLToPath } from 'node:url';
import { ROOT_CONTEXT, TraceFlags, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Container } from 'typedi';
import {
  type Clock,
  StorageToken,
  type TrackUsageOptions,
  type UsageStorage,
  trackUsage,
} from '../../src/index.js';
import { systemClock } from '../../src/time/clock.js';
import type { ContextReport } from '../support/children/context-of-outage.js';
import { run } from '../support/run.js';
import { type Served, serve } from '../support/serve.js';
import { temporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const SILENT = { warn: () => {}, error: () => {} };

const CHILD = fileURLToPath(new URL('../support/children/context-of-outage.js', import.meta.url));

/** The context that OpenTelemetry's instrumentation of http gives a request: one with a span. */
const REQUEST = trace.setSpan(
  ROOT_CONTEXT,
  trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED }),
);

const inSpan: Middleware = (_, next) => context.with(REQUEST, next);

/** What was called, and whether it ever was in a request's span. */
class Witness {
  readonly calls = new Map<string, boolean>();
  /** Whether the clock throws, so that a request cannot be watched. */
  isClockBroken = false;

  note(what: string): void {
    this.calls.set(what, this.calls.get(what) === true || trace.getActiveSpan() !== undefined);
  }

  /** Names of what was called in a span. */
  get inSpan(): string[] {
    return [...this.calls].filter(([, wasInSpan]) => wasInSpan).map(([what]) => what);
  }
}

/** A storage that fails twice before it stores anything, and can do all that a storage can. */
function storageOf(witness: Witness): UsageStorage {
  let failures = 0;
  return {
    name: 'witness',
    store(batch) {
      witness.note(failures < 2 ? 'store, in vain' : 'store');
      failures += 1;
      if (failures <= 2) return Promise.reject(new Error('away'));
      return Promise.resolve({ stored: batch.length, refused: [] });
    },
    async deleteBefore() {
      witness.note('deleteBefore');
      return 0;
    },
    async now() {
      witness.note('now');
      return new Date();
    },
    salts: {
      async claim(_, proposal) {
        witness.note('salts.claim');
        return proposal;
      },
      async deleteBefore() {
        witness.note('salts.deleteBefore');
        return 0;
      },
    },
    async close() {
      witness.note('close');
    },
  };
}

function clockOf(witness: Witness): Clock {
  return {
    ...systemClock,
    now() {
      if (witness.isClockBroken) throw new Error('no time');
      return systemClock.now();
    },
    setTimeout(callback, delayMs, keepAlive) {
      witness.note('a timer is set');
      const noted = (): void => {
        witness.note('a timer fires');
        callback();
      };
      return systemClock.setTimeout(noted, delayMs, keepAlive);
    },
  };
}

describe('What the tracker does by itself', () => {
  let witness: Witness;
  let served: Served | null = null;

  before(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));

  after(() => context.disable());

  beforeEach(() => {
    witness = new Witness();
  });

  afterEach(async () => {
    await served?.close();
    served = null;
    Container.remove(StorageToken);
  });

  async function open(tracker: TrackUsageOptions, handler: Middleware): Promise<Served> {
    const options = { defaultPolicy: 'include', trackUnmatched: true, logger: SILENT, ...tracker } as const;
    const breakClock: Middleware = ({ path }, next) => {
      witness.isClockBroken = path === '/unwatched';
      const answered = next();
      witness.isClockBroken = false;
      return answered;
    };
    served = await serve({ before: [inSpan, breakClock], between: [handler], tracker: options });
    return served;
  }

  it('is in the span of no request, from the first one that finds the storage to the last retry', async () => {
    const folder = await temporaryFolder();
    const note = (): void => witness.note('the log');
    // In the container, the storage is found by the first request, which has its factory make it.
    const { origin, usage } = await open(
      {
        storage: undefined,
        clock: clockOf(witness),
        logger: { warn: note, error: note },
        batch: { maxDelayMs: 1 },
        retry: { minDelayMs: 1, maxDelayMs: 1 },
        retention: { records: { days: 1 } },
        visitors: true,
        spool: { dir: folder.path, mode: 'wal' },
        user({ path }) {
          if (path === '/nameless') throw new Error('no name');
          return 'ada';
        },
        ignore({ path }) {
          if (path === '/lost') throw new Error('cannot tell');
          return false;
        },
      },
      (ctx) => void (ctx.body = 'ok'),
    );
    for (const name of ['drop', 'error', 'flush', 'recover'] as const)
      usage.tracker.on(name, () => witness.note(`the event ${name}`));
    const factory = (): UsageStorage => {
      witness.note('the factory of the storage');
      return storageOf(witness);
    };
    Container.set({ id: StorageToken, factory });
    for (const path of ['/', '/nameless', '/lost', '/unwatched']) await (await fetch(origin + path)).text();
    await until(() => usage.tracker.stats().stored === 2, 'two records are stored');
    await until(() => witness.calls.has('salts.deleteBefore'), 'old salts are deleted');
    await usage.tracker.close();
    await folder.remove();
    expect(witness.inSpan).to.deep.equal([]);
    expect([...witness.calls.keys()].toSorted()).to.deep.equal([
      'a timer fires',
      'a timer is set',
      'close',
      'deleteBefore',
      'now',
      'salts.claim',
      'salts.deleteBefore',
      'store',
      'store, in vain',
      'the event drop',
      'the event error',
      'the event flush',
      'the event recover',
      'the factory of the storage',
      'the log',
    ]);
  });

  for (const method of ['flush', 'close'] as const) {
    it(`is in the span of no request that calls ${method}()`, async () => {
      const storage: UsageStorage = {
        name: 'witness',
        async store(batch) {
          witness.note('store');
          return { stored: batch.length, refused: [] };
        },
        async close() {
          witness.note('close');
        },
      };
      let isLeft = false;
      // Nothing is stored but when it is asked for; `user` holds a record back, so that it goes when the tracker closes.
      const { origin, usage } = await open(
        {
          storage,
          clock: clockOf(witness),
          batch: { maxDelayMs: 3_600_000 },
          user: () => (method === 'close' ? new Promise(() => {}) : 'ada'),
        },
        async (ctx) => {
          if (ctx.path === '/ask') await usage.tracker[method]();
          ctx.body = 'ok';
          ctx.res.once('close', () => (isLeft = true));
        },
      );
      await (await fetch(`${origin}/`)).text();
      await until(() => isLeft, 'the response has closed');
      await (await fetch(`${origin}/ask`)).text();
      expect([...witness.calls.keys()]).to.include('store');
      expect(witness.inSpan).to.deep.equal([]);
    });
  }

  it('is in no span that trackUsage() is called in', async () => {
    const clock = clockOf(witness);
    const options = {
      storage: storageOf(witness),
      clock,
      retention: { records: { days: 1 } },
      visitors: true,
    };
    const { tracker } = context.with(REQUEST, () => trackUsage(options));
    for (const call of ['deleteBefore', 'salts.claim'])
      await until(() => witness.calls.has(call), `${call} was called`);
    await tracker.close();
    expect(witness.inSpan).to.deep.equal([]);
  });

  it('is in the span of no request that asks for figures', async () => {
    const { origin, usage } = await open({ clock: clockOf(witness) }, (ctx) => {
      ctx.res.once('close', () => context.with(REQUEST, () => usage.tracker.stats()));
      ctx.body = 'ok';
    });
    await (await fetch(`${origin}/`)).text();
    await until(() => usage.tracker.stats().accepted === 1, 'the record is made');
    expect([...witness.calls.keys()]).to.include('a timer is set');
    expect(witness.inSpan).to.deep.equal([]);
  });
});

describe('A process whose storage is away', function children() {
  this.timeout(60_000);

  // As Node 24 has asynchronous contexts by default, and as Node 22 has them.
  for (const flag of ['--async-context-frame', '--no-async-context-frame']) {
    it(`keeps no request alive, and mixes none up (${flag})`, async () => {
      const { stdout, stderr, code } = await run(process.execPath, [flag, '--expose-gc', CHILD]);
      expect(code, stderr).to.equal(0);
      const report = JSON.parse(stdout) as ContextReport;
      expect(report).to.deep.equal({ paths: [null], collected: 50, requests: 50, wrong: 0, entered: null });
    });
  }
});
