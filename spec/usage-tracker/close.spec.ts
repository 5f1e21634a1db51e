import { createServer } from 'node:http';
import { expect } from 'chai';
import type { JsonObject, TrackUsageOptions } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { type Closing, startClosing } from '../support/closing.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { connectRaw, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

/** The user, location or visitor, as soon as the spec says what it is. */
class Later<Value> {
  readonly #known = Promise.withResolvers<Value>();
  asked = 0;

  ask = (): Promise<Value> => {
    this.asked += 1;
    return this.#known.promise;
  };

  tell(value: Value): void {
    this.#known.resolve(value);
  }
}

class StorageWithSlowSalts extends MemoryStorage {
  readonly salt = new Later<string>();
  override readonly salts = { claim: this.salt.ask, deleteBefore: async () => 0 };
}

describe('tracker.close()', () => {
  let closing: Closing;

  afterEach(() => closing.stop());

  /** Answers a request, which is over then. */
  async function answered(options: TrackUsageOptions): Promise<void> {
    closing = await startClosing(createServer, (ctx) => void (ctx.body = 'ok'), options);
    const client = await connectRaw(closing.port);
    client.send(rawRequest('/', ['Connection: close', 'X-Forwarded-For: 8.8.8.8']));
    await client.ended();
  }

  const close = (timeoutMs?: number) => closing.close({ timeoutMs });

  it('waits for a name that is still being learned', async () => {
    const user = new Later<string>();
    await answered({ user: user.ask });
    const ended = closing.usage.tracker.close();
    await until(() => user.asked === 1, 'the user is asked for');
    await closing.clock.advance(900);
    user.tell('ada');
    expect(await ended).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(closing.memory.records.map(({ username }) => username)).to.deep.equal(['ada']);
  });

  it('waits for a location that is still being looked up', async () => {
    const geo = new Later<JsonObject>();
    await answered({ geo: geo.ask, trustProxy: 'loopback' });
    const ended = closing.usage.tracker.close();
    await until(() => geo.asked === 1, 'the location is asked for');
    await closing.clock.advance(400);
    geo.tell({ countryCode: 'CH' });
    await ended;
    expect(closing.memory.records.map(({ ipInfo }) => ipInfo)).to.deep.equal([{ countryCode: 'CH' }]);
    expect(closing.usage.tracker.stats().geo).to.include({ lookups: 1, failures: 0 });
  });

  it('waits for the salt by which visitors are told apart', async () => {
    const storage = new StorageWithSlowSalts();
    await answered({ storage, visitors: true });
    const ended = closing.usage.tracker.close();
    await until(() => storage.salt.asked === 1, 'the salt is asked for');
    await closing.clock.advance(900);
    storage.salt.tell('0'.repeat(64));
    await ended;
    expect(storage.records.map(({ visitor }) => typeof visitor)).to.deep.equal(['string']);
    expect(closing.usage.tracker.stats().incomplete.visitor).to.deep.equal({
      full: 0,
      late: 0,
      closed: 0,
      failed: 0,
    });
  });

  it('waits for what is learned no longer than half of its time, and stores what is known', async () => {
    await answered({
      user: new Later<string>().ask,
      geo: { lookup: new Later<JsonObject>().ask, maxWaitMs: 60_000 },
    });
    const { tookMs, ...result } = await close(400);
    expect(result).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(tookMs).to.be.within(200, 300);
    expect(closing.memory.records.map(({ username }) => username)).to.deep.equal([null]);
  });

  it('ends in its time and 250 ms, though requests, names and storages never do, and gives each its share', async () => {
    const user = new Later<string>();
    const storage = new FaultyStorage();
    storage.mood = 'hang';
    closing = await startClosing(createServer, () => new Promise(() => {}), { storage, user: user.ask });
    const client = await connectRaw(closing.port);
    client.send(rawRequest('/'));
    await until(() => closing.begun.length === 1, 'the request is under way');
    const startMs = closing.clock.monotonic();
    const shares: number[] = [];
    const since = (): number => closing.clock.monotonic() - startMs;
    void client.ended().then(() => shares.push(since()));
    void until(() => storage.batches.length === 1, 'it is stored').then(() => shares.push(since()));
    const { tookMs, ...result } = await closing.close({ server: closing.server, timeoutMs: 4000 });
    expect(result).to.deep.equal({ stored: 0, spooled: 0, dropped: 1 });
    expect(tookMs).to.be.within(4000, 4250);
    expect(shares[0]).to.be.within(2000, 2900);
    expect(shares[1]).to.be.within(3000, 3900);
    expect(closing.usage.tracker.stats().dropped).to.include({ 'shutdown-timeout': 1 });
  });

  it('stores at once where nothing is under way', async () => {
    await answered({});
    expect(await close()).to.deep.equal({ stored: 1, spooled: 0, dropped: 0, tookMs: 0 });
  });
});
