import { expect } from 'chai';
import type { Context } from 'koa';
import type { TrackUsageOptions } from '../../../../src/index.js';
import { renderInventory } from '../../../../src/index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { ask } from '../../../support/ask.js';
import { SaltyStorage } from '../../../support/salt-keeper.js';
import { type Served, serve } from '../../../support/serve.js';
import { until } from '../../../support/until.js';

const ID = /^[\da-f]{64}$/;
const HOUR_MS = 3_600_000;
const NONE = { full: 0, late: 0, closed: 0, failed: 0 };
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('The option visitors', () => {
  let clock: ManualClock;
  let storage: SaltyStorage;
  let served: Served;
  let handle: (context: Context) => Promise<void>;
  const opened: Served[] = [];
  const lines: string[] = [];

  beforeEach(() => {
    clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    storage = new SaltyStorage();
    handle = async (context) => void (context.body = 'served');
    lines.length = 0;
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) {
      const closing = one.close();
      await clock.advance(1000);
      await closing;
    }
  });

  async function start(tracker: TrackUsageOptions = {}): Promise<Served> {
    const log = (line: string): void => void lines.push(line);
    served = await serve({
      tracker: {
        storage,
        clock,
        visitors: true,
        defaultPolicy: 'include',
        trackUnmatched: true,
        trustProxy: 'loopback',
        logger: { warn: log, error: log },
        ...tracker,
      },
      after: [(context) => handle(context)],
    });
    opened.push(served);
    await clock.advance(0);
    return served;
  }

  /** Makes a request and returns the visitor of its record. */
  async function visit(headers: Record<string, string> = {}, of = served): Promise<string | null> {
    const seen = new Set(storage.records.map(({ id }) => id));
    await ask(of, '/', { headers: { 'user-agent': FIREFOX, ...headers } });
    const record = storage.records.find(({ id }) => !seen.has(id));
    if (record === undefined) throw new Error('There is no record.');
    return record.visitor;
  }

  const lacking = () => served.usage.tracker.stats().incomplete.visitor;

  it('is off unless it is asked for', async () => {
    await start({ visitors: undefined });
    expect(await visit()).to.equal(null);
    expect(lacking()).to.deep.equal(NONE);
    expect(storage.salts.claims).to.deep.equal([]);
    expect(served.usage.tracker.inventory().application.visitorSaltHours).to.equal(null);
    expect(renderInventory(served.usage.tracker.inventory())).to.include('- Visitors: not told apart');
  });

  it('gives the requests of a visitor the same name on one day', async () => {
    await start();
    const first = await visit();
    expect(first).to.match(ID);
    await clock.advance(11 * HOUR_MS);
    expect(await visit()).to.equal(first);
    expect(lacking()).to.deep.equal(NONE);
  });

  it('gives another name to another day, address, agent or server', async () => {
    await start();
    const names = [
      await visit(),
      await visit({ 'user-agent': 'curl/8' }),
      await visit({ 'x-forwarded-for': '192.0.2.1' }),
      // Of the same network, which is all that is stored of them.
      await visit({ 'x-forwarded-for': '192.0.2.2' }),
    ];
    const other = await start({ serverName: 'other' });
    names.push(await visit({}, other));
    await clock.advance(12 * HOUR_MS);
    names.push(await visit());
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(ID);
  });

  it('does not depend on what of address and agent is stored', async () => {
    await start();
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    const name = await visit(headers);
    for (const tracker of [{ keepUserAgent: false }, { ip: 'none' as const }, { ip: 'full' as const }]) {
      expect(await visit(headers, await start(tracker))).to.equal(name);
    }
  });

  it('names nobody who is anonymized, whose address is not known, or whom the application redacts', async () => {
    await start({ respect: { gpc: 'anonymize' } });
    expect(await visit({ 'sec-gpc': '1' })).to.equal(null);
    expect(await visit({ 'x-forwarded-for': 'unknown' })).to.equal(null);
    await start({ redact: (record) => void (record.visitor = null) });
    expect(await visit()).to.equal(null);
    expect(lacking()).to.deep.equal(NONE);
  });

  it('asks a trusting function once a request, whoever wants the address', async () => {
    let asked = 0;
    const trustProxy = (_address: string, hop: number): boolean => {
      if (hop === 0) asked += 1;
      return hop === 0;
    };
    await start({ trustProxy, geo: async () => null });
    expect(await visit({ 'x-forwarded-for': '192.0.2.1' })).to.match(ID);
    expect(asked).to.equal(1);
  });

  it('names a request that ends after midnight by the day on which it began', async () => {
    await start();
    const name = await visit();
    await clock.advance(12 * HOUR_MS - 1);
    const slow = Promise.withResolvers<void>();
    let hasBegun = false;
    handle = async (context) => {
      hasBegun = true;
      await slow.promise;
      context.body = 'late';
    };
    const answer = fetch(served.origin, { headers: { 'user-agent': FIREFOX } });
    await until(() => hasBegun, 'the request has begun');
    await clock.advance(1);
    slow.resolve();
    await (await answer).text();
    await served.records();
    expect(storage.records).to.have.lengthOf(2);
    expect(new Set(storage.records.map(({ visitor }) => visitor))).to.deep.equal(new Set([name]));
  });

  for (const mood of ['hang', 'reject', 'throw', 'garbage'] as const) {
    it(`stores a record without it, after a second, where the salt cannot be had (${mood})`, async () => {
      storage.salts.mood = mood;
      await start();
      const response = await fetch(served.origin);
      expect([response.status, await response.text()]).to.deep.equal([200, 'served']);
      await until(() => clock.pendingTimers > 0, 'the record waits');
      const records = served.records();
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1000);
      await records;
      expect(storage.records.map(({ visitor }) => visitor)).to.deep.equal([null]);
      expect(lacking()).to.deep.equal({ ...NONE, late: 1 });
      expect(served.usage.tracker.stats()).to.include({ accepted: 1, stored: 1 });
    });
  }

  it('has no record wait for a salt that has failed to come several times, and counts those without', async () => {
    storage.salts.mood = 'reject';
    await start();
    await clock.advance(10 * 60_000);
    expect([await visit(), await visit()]).to.deep.equal([null, null]);
    expect(lacking()).to.deep.equal({ ...NONE, failed: 2 });
  });

  it('has a record wait for a salt that comes within a second', async () => {
    storage.salts.mood = 'reject';
    await start();
    const response = await fetch(served.origin, { headers: { 'user-agent': FIREFOX } });
    await response.text();
    storage.salts.mood = 'keep';
    const records = served.records();
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(400);
    await records;
    expect(storage.records[0]?.visitor).to.match(ID);
    expect(lacking()).to.deep.equal(NONE);
  });

  it('tells of failures once a minute at most, and never of the salt', async () => {
    storage.salts.mood = 'tell';
    await start();
    await clock.advance(10 * 60_000);
    expect(lines.length).to.be.within(2, 10);
    for (const line of lines) expect(line).to.not.include(String(storage.salts.proposals[0]));
    expect(lines[0]).to.match(
      /option 'visitors' failed: Error: The salt of a day cannot be had: cannot keep …/,
    );
  });

  it('goes on asking for a salt when the log throws', async () => {
    storage.salts.mood = 'reject';
    const fail = (): never => {
      throw new Error('no log');
    };
    await start({ logger: { warn: fail, error: fail } });
    await clock.advance(60_000);
    storage.salts.mood = 'keep';
    await clock.advance(60_000);
    expect(await visit()).to.match(/^[\da-f]{64}$/);
  });

  it('is in the inventory', async () => {
    await start();
    const inventory = served.usage.tracker.inventory();
    expect(inventory.application.visitorSaltHours).to.equal(48);
    expect(renderInventory(inventory)).to.include(
      '- Visitors: told apart within a day (UTC), by a salt that is deleted 48 hours after that day began',
    );
  });
});
