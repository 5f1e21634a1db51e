import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { GeoLookup, TrackUsageOptions } from '../../../../src/index.js';
import { httpGeo, maxmindGeo } from '../../../../src/geo/index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { ControlledSource } from '../../../support/controlled-source.js';
import { CrashWatch } from '../../../support/crash-watch.js';
import { oddValues } from '../../../support/odd-values.js';
import { serveHandler } from '../../../support/serve-handler.js';
import type { Served } from '../../../support/serve.js';
import { until } from '../../../support/until.js';

const ADDRESS = '81.2.69.142';
const PLACE = {
  countryCode: 'GB',
  countryName: 'United Kingdom',
  city: 'London',
  latitude: 51.5,
  longitude: 0,
};

describe('The option geo', () => {
  let served: Served;
  let lines: string[];

  async function start(options: TrackUsageOptions): Promise<void> {
    lines = [];
    const log = (line: string): void => void lines.push(line);
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), {
      trustProxy: 'loopback',
      logger: { warn: log, error: log },
      ...options,
    });
  }

  async function ask(address: string = ADDRESS, headers: Record<string, string> = {}): Promise<void> {
    const response = await fetch(served.origin, { headers: { 'x-forwarded-for': address, ...headers } });
    expect(`${response.status} ${await response.text()}`).to.equal('200 ok');
  }

  afterEach(() => served.close());

  it('looks up the full address once, and keeps of it what the policy says', async () => {
    const asked: string[] = [];
    await start({
      ip: 'none',
      geo: (address) => {
        asked.push(address);
        return Promise.resolve(PLACE);
      },
    });
    await ask();
    await served.records();
    await ask();
    const records = await served.records();
    expect(records.map(({ ipInfo, remoteAddr }) => [ipInfo, remoteAddr])).to.deep.equal([
      [PLACE, null],
      [PLACE, null],
    ]);
    expect(asked).to.deep.equal([ADDRESS]);
    expect(JSON.stringify(records)).to.not.include(ADDRESS);
    expect(served.usage.tracker.stats().geo).to.include({ hits: 1, misses: 1, lookups: 1, failures: 0 });
  });

  it('says at once in the log what the source says that cannot be asked, and answers requests', async () => {
    const source = maxmindGeo({ path: '/nowhere/City.mmdb' });
    await start({ geo: source });
    await until(() => lines.length > 0, 'there is a line');
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.match(
      /the option 'geo' failed: TrackUsageError: maxmindGeo: the file '.*City\.mmdb' cannot be opened/,
    );
    await ask();
    expect((await served.records()).map(({ ipInfo }) => ipInfo)).to.deep.equal([null]);
    expect(lines).to.have.lengthOf(1);
    source.close();
  });

  it('changes no response when the log throws, whatever the source throws', async () => {
    const fail = (): never => {
      throw new Error('no log');
    };
    const watch = new CrashWatch();
    watch.start();
    for (const value of oddValues()) {
      const throwing = async (): Promise<never> => {
        // oxlint-disable-next-line typescript/only-throw-error -- a source may throw anything
        throw value;
      };
      const geo = Object.assign(throwing, { ready: throwing });
      await start({ geo, logger: { warn: fail, error: fail } });
      await ask();
      expect((await served.records()).map(({ ipInfo }) => ipInfo)).to.deep.equal([null]);
      expect(served.usage.tracker.stats().geo).to.include({ lookups: 1, failures: 1 });
      await served.close();
    }
    await watch.stop();
    expect(watch.crashes).to.deep.equal([]);
  });

  it('says once in the log that the source knows none of the addresses', async () => {
    await start({ geo: { lookup: () => null } });
    for (let last = 1; last <= 9; last += 1) await ask(`81.2.69.${last}`);
    await served.records();
    expect(lines).to.deep.equal([]);
    for (let last = 10; last <= 25; last += 1) await ask(`81.2.69.${last}`);
    await served.records();
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.match(/the first 10 addresses that were looked up have no location\. See what/);
    expect(lines[0]).to.not.include('81.2.69');
  });

  it('says nothing of addresses that are not known when others are', async () => {
    await start({ geo: { lookup: (address) => (address === ADDRESS ? PLACE : null) } });
    await ask();
    for (let last = 1; last <= 12; last += 1) await ask(`81.2.69.${last}`);
    await served.records();
    expect(lines).to.deep.equal([]);
  });

  it('never sends private addresses', async () => {
    await start({ geo: () => PLACE });
    for (const address of ['10.1.2.3', '127.0.0.1', '::1', 'fe80::1', '169.254.169.254', 'nonsense']) {
      await ask(address);
    }
    expect((await served.records()).map(({ ipInfo }) => ipInfo)).to.deep.equal(Array(6).fill(null));
    expect(served.usage.tracker.stats().geo?.lookups).to.equal(0);
  });

  it('tells no more than the country of clients that are anonymized', async () => {
    await start({ respect: { gpc: 'anonymize' }, geo: () => Promise.resolve(PLACE) });
    await ask(ADDRESS, { 'sec-gpc': '1' });
    await served.records();
    await ask(ADDRESS, { 'sec-gpc': '1' });
    const places = (await served.records()).map(({ ipInfo }) => ipInfo);
    const country = { countryCode: 'GB', countryName: 'United Kingdom' };
    expect(places).to.deep.equal([country, country]);
  });

  it('keeps nothing for them that may hold more than the country', async () => {
    const place = { countryCode: { iso: 'GB', city: 'London' }, countryName: ['United Kingdom', 'London'] };
    await start({ respect: { gpc: 'anonymize' }, geo: () => place });
    await ask(ADDRESS, { 'sec-gpc': '1' });
    await served.records();
    await ask(ADDRESS, { 'sec-gpc': '1' });
    expect((await served.records()).map(({ ipInfo }) => ipInfo)).to.deep.equal([null, null]);
  });

  it('writes a record without a location rather than late', async () => {
    const clock = new ManualClock();
    await start({ clock, geo: { lookup: () => new Promise(() => {}), maxWaitMs: 200 } });
    await ask();
    const { tracker } = served.usage;
    await until(() => clock.pendingTimers > 1, 'the record waits');
    await clock.advance(199);
    expect(tracker.stats().accepted).to.equal(0);
    await clock.advance(1);
    expect(tracker.stats().accepted).to.equal(1);
    await tracker.flush();
    expect(served.memory.records[0]?.ipInfo).to.equal(null);
  });

  it('aborts what is being looked up when the tracker is closed, and looks nothing up afterwards', async () => {
    const clock = new ManualClock();
    const source = new ControlledSource();
    await start({
      clock,
      geo: { lookup: source.lookup, maxConcurrent: 1, timeoutMs: 60_000, maxWaitMs: 60_000 },
    });
    await ask('8.8.8.1');
    await ask('8.8.8.2');
    const { tracker } = served.usage;
    await until(() => tracker.stats().geo?.misses === 2, 'both are to be looked up');
    const closing = tracker.close({ timeoutMs: 400 });
    await until(
      async () => (await clock.advance(10), source.signals[0]?.aborted === true),
      'the look-up is aborted',
    );
    expect(await closing).to.deep.equal({ stored: 2, spooled: 0, dropped: 0 });
    await ask('8.8.8.3');
    await until(() => tracker.stats().dropped.late === 1, 'the late one is counted');
    expect(source.asked).to.deep.equal(['8.8.8.1']);
    expect(tracker.stats().geo).to.deep.include({
      lookups: 1,
      failures: 0,
      skipped: { breaker: 0, queue: 0, closed: 2 },
    });
  });

  it('waits for a name and a location at once', async () => {
    await start({ geo: () => Promise.resolve(PLACE), user: () => Promise.resolve('ada') });
    await ask();
    expect((await served.records())[0]).to.deep.include({ username: 'ada', ipInfo: PLACE });
  });

  describe('on an end point that', () => {
    let endPoint: Server | undefined;

    afterEach(() => {
      endPoint?.closeAllConnections();
      endPoint?.close();
    });

    async function lookUpAt(answer: RequestListener): Promise<GeoLookup> {
      endPoint = createServer(answer).listen(0, '127.0.0.1');
      await once(endPoint, 'listening');
      const { port } = endPoint.address() as AddressInfo;
      return httpGeo({ url: `http://127.0.0.1:${port}/{ip}` });
    }

    const ANSWERS: [string, RequestListener][] = [
      ['hangs', () => {}],
      ['closes', (request) => request.socket.destroy()],
      ['answers HTML', (_request, response) => void response.end('<!doctype html>')],
      [
        'answers without end',
        (_request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const more = (): void => {
            while (!response.destroyed && response.write('x'.repeat(65_536)));
          };
          response.on('drain', more);
          more();
        },
      ],
      [
        'redirects to a metadata service',
        (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      ],
    ];

    for (const [what, answer] of ANSWERS) {
      it(`${what} changes no response and holds up no record, and is left alone after a while`, async () => {
        const lookup = await lookUpAt(answer);
        await start({ geo: { lookup, timeoutMs: 200, maxWaitMs: 5000, breakerFailures: 3 } });
        for (let host = 1; host <= 6; host += 1) {
          await ask(`81.2.69.${host}`);
          expect(await served.records()).to.have.lengthOf(host);
        }
        const { geo, accepted, stored } = served.usage.tracker.stats();
        expect(geo).to.deep.include({
          lookups: 3,
          failures: 3,
          skipped: { breaker: 3, queue: 0, closed: 0 },
        });
        expect([accepted, stored]).to.deep.equal([6, 6]);
        expect(lines.filter((line) => line.includes("the option 'geo'"))).to.have.lengthOf(1);
        expect(lines.join('\n')).to.not.include('81.2.69');
      });
    }
  });
});
