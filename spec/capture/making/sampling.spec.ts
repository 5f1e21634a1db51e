import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { drawWeight } from '../../../src/capture/making/gate.js';
import type { TrackUsageOptions } from '../../../src/index.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { connectRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import type { Served } from '../../support/serve.js';

const CONTEXT = {} as Context;
const RATE = 0.1;

/** Requests that no socket brought: made in microseconds, and as real to the middleware. */
async function passThrough({ app, usage }: Served, requests: number): Promise<void> {
  for (let request = 0; request < requests; request += 1) {
    const message = new IncomingMessage(new Socket());
    message.url = '/made-up';
    const context = app.createContext(message, new ServerResponse(message));
    await usage(context, () => Promise.resolve());
    context.res.emit('close');
    if (request % 10_000 === 0) await usage.tracker.flush();
  }
}

/** Six standard deviations of a binomial count, each of weight 1 / rate: left once in half a billion runs. */
function expectWithinBound(records: readonly UsageRecord[], requests: number): void {
  const bound = (6 * Math.sqrt(requests * RATE * (1 - RATE))) / RATE;
  const sum = records.reduce((total, { weight }) => total + weight, 0);
  expect(sum).to.be.within(requests - bound, requests + bound);
}

describe('The weights of sampled records', () => {
  let served: Served;

  async function start(options: TrackUsageOptions, handler: Middleware): Promise<void> {
    served = await serveHandler(handler, options);
  }

  afterEach(() => served.close());

  it('sum up to the number of requests, within the binomial bound', async () => {
    const storage = new MemoryStorage({ maxRecords: 20_000 });
    await start({ sampleRate: RATE, storage }, (ctx) => void (ctx.body = 'ok'));
    await passThrough(served, 100_000);
    await served.records();
    expectWithinBound(storage.records, 100_000);
    expect(storage.records.length + served.usage.tracker.stats().skipped.sampled).to.equal(100_000);
    storage.clear();
    await exchangeRaw(served.port, rawRequest('/').repeat(2999) + rawRequest('/', ['Connection: close']));
    await served.records();
    expectWithinBound(storage.records, 3000);
  });

  it('are 1 for what a client broke off, where only requests that succeed are sampled', async () => {
    await start({ sampleRate: 0, keepErrors: true }, (ctx) => {
      ctx.body = new Readable({ read() {} });
      (ctx.body as Readable).push('begun');
    });
    const client = await connectRaw(served.port);
    client.send(rawRequest('/'));
    await client.hears('begun');
    await client.leave();
    expect(await onlyRecord(served)).to.include({ status: 200, aborted: true, errorType: null, weight: 1 });
  });
});

describe('drawWeight', () => {
  for (const random of [0, 0.5, 1 - Number.EPSILON]) {
    it(`is exact for the rates 0 and 1 where ${random} is drawn`, () => {
      expect(drawWeight(0, CONTEXT, random)).to.equal(0);
      expect(drawWeight(1, CONTEXT, random)).to.equal(1);
    });
  }

  it('asks a function, with the context', () => {
    const contexts: unknown[] = [];
    const rate = (context: Context): number => {
      contexts.push(context);
      return 0.25;
    };
    expect(drawWeight(rate, CONTEXT, 0.2)).to.equal(4);
    expect(drawWeight(rate, CONTEXT, 0.25)).to.equal(0);
    expect(contexts).to.deep.equal([CONTEXT, CONTEXT]);
  });

  const late = Promise.reject(new Error('late'));
  // It is refused a turn or more after it was made; Node warns of what nobody handles by then.
  late.catch(() => {});

  for (const answer of [-0.1, 1.1, Number.NaN, '0.5', undefined, late]) {
    it(`refuses the answer ${answer === late ? 'of a promise' : inspect(answer)}`, () => {
      expect(() => drawWeight(() => answer as number, CONTEXT, 0)).to.throw(TypeError, /it returned/);
    });
  }

  for (const answer of ['127.0.0.1', ['127.0.0.1'], { toString: () => '127.0.0.1' }]) {
    it(`says of ${inspect(answer)} what it is, and not what it says`, () => {
      expect(() => drawWeight(() => answer as unknown as number, CONTEXT, 0))
        .to.throw(TypeError, `it returned a value of type ${typeof answer}`)
        .with.property('message')
        .that.does.not.include('127');
    });
  }
});
