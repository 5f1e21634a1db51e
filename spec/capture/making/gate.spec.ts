import { expect } from 'chai';
import type { Middleware } from 'koa';
import type { TrackUsageOptions } from '../../../src/index.js';
import { serveHandler } from '../../support/serve-handler.js';
import type { Served } from '../../support/serve.js';

const answer: Middleware = (ctx) => {
  if (ctx.path === '/broken') throw new Error('broken');
  if (ctx.path === '/missing') ctx.status = 404;
  else ctx.body = 'ok';
};

const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const PERSONAL = {
  authorization: `Basic ${btoa('ada:secret')}`,
  'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/143.0',
};

describe('Which tracked requests are recorded', () => {
  let served: Served;
  let lines: string[];

  async function start(options: TrackUsageOptions): Promise<void> {
    lines = [];
    const log = (line: string): void => void lines.push(line);
    served = await serveHandler(answer, { logger: { warn: log, error: log }, ...options });
  }

  async function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(served.origin + path, { headers });
    return `${response.status} ${await response.text()}`;
  }

  async function paths(): Promise<string[]> {
    return (await served.records()).map(({ path }) => path);
  }

  afterEach(() => served.close());

  it('leaves out what the option ignore says, and counts it', async () => {
    await start({ ignore: (ctx) => ctx.get('x-probe') === '1' });
    await ask('/a', { 'x-probe': '1' });
    await ask('/b');
    expect(await paths()).to.deep.equal(['/b']);
    expect(served.usage.tracker.stats().skipped.ignored).to.equal(1);
  });

  it('leaves out paths: whole ones, all below one, and expressions with and without a memory', async () => {
    await start({ ignorePaths: ['/health', '/internal/*', /\.png$/g] });
    for (const path of [
      '/health',
      '/health/x',
      '/internal',
      '/internal/x',
      '/a.png',
      '/b.png',
      '/health?x=1',
      '/Health',
      '/health/',
      '/INTERNAL/x',
    ]) {
      await ask(path);
    }
    expect(await paths()).to.deep.equal(['/health/x', '/internal']);
  });

  for (const [name, options] of [
    [
      'ignore',
      {
        ignore: () => {
          throw new Error('no idea');
        },
      },
    ],
    [
      'ignore',
      {
        ignore: (async () => {
          throw new Error('too late');
        }) as unknown as () => boolean,
      },
    ],
    [
      'sampleRate',
      {
        sampleRate: () => {
          throw new Error('no idea');
        },
      },
    ],
    ['sampleRate', { sampleRate: () => 2 }],
    ...[1, 'yes', /./.exec('a match'), {}, 0, undefined].map((given) => ['ignore', { ignore: () => given }]),
  ] as [string, TrackUsageOptions][]) {
    it(`records nothing, says so and serves the request where ${name} fails`, async () => {
      await start(options);
      expect(await ask('/a')).to.equal('200 ok');
      expect(await ask('/b')).to.equal('200 ok');
      expect(await paths()).to.deep.equal([]);
      expect(served.usage.tracker.stats().dropped.internal).to.equal(2);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0])
        .to.include(`the option '${name}' failed`)
        .and.not.match(/yes|a match/);
    });
  }

  it('keeps every request that failed where only the others are sampled', async () => {
    await start({ sampleRate: 0, keepErrors: true });
    for (const path of ['/a', '/broken', '/missing']) await ask(path);
    const records = await served.records();
    expect(records.map(({ path, weight }) => [path, weight])).to.deep.equal([
      ['/broken', 1],
      ['/missing', 1],
    ]);
    expect(served.usage.tracker.stats().skipped.sampled).to.equal(1);
  });

  it('says in the weight how many requests a record stands for', async () => {
    await start({ sampleRate: () => 0.5 });
    for (let request = 0; request < 64; request += 1) await ask('/a');
    const records = await served.records();
    expect(records.length).to.be.within(1, 63);
    expect(new Set(records.map(({ weight }) => weight))).to.deep.equal(new Set([2]));
    expect(records.length + served.usage.tracker.stats().skipped.sampled).to.equal(64);
  });

  it('tags bots, or leaves them out', async () => {
    await start({});
    await ask('/a', { 'user-agent': GOOGLEBOT });
    expect((await served.records())[0]).to.include({ bot: true });
    await served.close();
    await start({ bots: 'skip' });
    await ask('/a', { 'user-agent': GOOGLEBOT });
    await ask('/b', PERSONAL);
    expect(await paths()).to.deep.equal(['/b']);
    expect(served.usage.tracker.stats().skipped.bot).to.equal(1);
  });

  for (const value of ['1, 1', '1,1', '0, 1', '1']) {
    it(`takes '${value}' for a signal, as a header that is sent twice arrives as one`, async () => {
      await start({ respect: { gpc: 'skip', dnt: 'skip' } });
      await ask('/a', { 'sec-gpc': value });
      await ask('/b', { dnt: value });
      expect(await paths()).to.deep.equal([]);
      expect(served.usage.tracker.stats().skipped.signal).to.equal(2);
    });
  }

  for (const value of ['0', '11', '', '1;q=0', '10, 0']) {
    it(`takes '${value}' for none`, async () => {
      await start({ respect: { gpc: 'skip', dnt: 'skip' } });
      await ask('/a', { 'sec-gpc': value, dnt: value });
      expect(await paths()).to.deep.equal(['/a']);
    });
  }

  for (const [header, option] of [
    ['sec-gpc', 'gpc'],
    ['dnt', 'dnt'],
  ] as const) {
    it(`ignores, anonymizes or skips clients that send ${header}: 1`, async () => {
      await start({});
      await ask('/a', { ...PERSONAL, [header]: '1' });
      expect((await served.records())[0]).to.include({ username: 'ada', remoteAddr: '127.0.0.0' });
      await served.close();
      await start({ respect: { [option]: 'anonymize' } });
      await ask('/a', { ...PERSONAL, [header]: '1' });
      await ask('/b', { ...PERSONAL, [header]: '0' });
      const [anonymous, known] = await served.records();
      expect(anonymous).to.include({ username: null, remoteAddr: null, visitor: null });
      expect(anonymous?.userAgent).to.deep.include({ browser: 'Firefox', string: null });
      expect(known).to.include({ username: 'ada' });
      await served.close();
      await start({ respect: { [option]: 'skip' } });
      await ask('/a', { [header]: '1' });
      await ask('/b');
      expect(await paths()).to.deep.equal(['/b']);
      expect(served.usage.tracker.stats().skipped.signal).to.equal(1);
    });
  }

  it('takes the stricter answer where a client sends both signals', async () => {
    await start({ respect: { gpc: 'anonymize', dnt: 'skip' } });
    await ask('/a', { 'sec-gpc': '1', dnt: '1' });
    expect(await paths()).to.deep.equal([]);
  });

  it('keeps the text of the user agent only if it may', async () => {
    await start({ keepUserAgent: false });
    await ask('/a', PERSONAL);
    expect((await served.records())[0]?.userAgent).to.deep.include({ browser: 'Firefox', string: null });
  });
});
