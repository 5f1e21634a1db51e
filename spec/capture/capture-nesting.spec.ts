import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import Koa from 'koa';
import { trackUsage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type Served, serve } from '../support/serve.js';

const EVERYTHING = { defaultPolicy: 'include', trackUnmatched: true } as const;

describe('A request that several middlewares watch', () => {
  let served: Served | undefined;

  afterEach(() => served?.close());

  it('is one record where one application hands it to another of the same tracker', async () => {
    const inner = new Koa();
    served = await serve({
      tracker: EVERYTHING,
      after: [
        (context) => {
          context.respond = false;
          return inner.callback()(context.req, context.res);
        },
      ],
    });
    inner.use(served.usage);
    inner.use((context) => void (context.body = 'inner'));
    expect(await (await fetch(served.origin)).text()).to.equal('inner');
    const records = await served.records();
    expect(records).to.have.length(1);
    expect(records[0]).to.include({ status: 200, responseBytes: 5 });
  });

  it('belongs to the first of two trackers, and the log says so', async () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const other = new MemoryStorage();
    const second = trackUsage({ ...EVERYTHING, storage: other, logger: { warn: write, error: write } });
    served = await serve({
      tracker: EVERYTHING,
      between: [second],
      after: [(context) => void (context.body = 'ok')],
    });
    await (await fetch(served.origin)).text();
    expect(await served.records()).to.have.length(1);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.contain('another tracker watches these requests');
    await second.tracker.close();
    expect(other.records).to.have.length(0);
  });
});

describe('A record that waits', () => {
  it('does not keep the query in memory that was dropped, nor the password', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const served = await serve({ tracker: EVERYTHING, after: [(context) => void (context.body = 'ok')] });
    const secrets = 'x'.repeat(12_000);
    const authorization = (): string =>
      `Basic ${Buffer.from(`ada:${Math.random()}${'y'.repeat(2000)}`).toString('base64')}`;
    const ask = async (): Promise<void> => {
      const url = `${served.origin}/path/${Math.random()}?secret=${secrets}`;
      await (await fetch(url, { headers: { authorization: authorization() } })).text();
    };
    for (let index = 0; index < 200; index += 1) await ask();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 1500; index += 1) await ask();
    await served.records();
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    await served.close();
    // The records take some three megabytes; with their queries it would be another eighteen.
    expect(grown).to.be.below(12_000_000);
  });
});
