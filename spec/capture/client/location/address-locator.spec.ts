import { expect } from 'chai';
import { AddressLocator } from '../../../../src/capture/client/location/address-locator.js';
import { type GeoOptions, resolveGeo } from '../../../../src/options/geo-options.js';
import { ManualClock } from '../../../../src/testing/index.js';
import { ControlledSource } from '../../../support/controlled-source.js';
import { listing } from '../../../support/listing-sink.js';

const SWISS = { countryCode: 'CH' };

describe('An address locator', () => {
  let clock: ManualClock;
  let source: ControlledSource;
  const faults: string[] = [];

  afterEach(() => expect(faults.splice(0)).to.deep.equal([]));

  beforeEach(() => {
    clock = new ManualClock();
    source = new ControlledSource();
  });

  function makeLocator(options: Partial<GeoOptions> = {}): AddressLocator {
    const settings = resolveGeo('spec', { lookup: source.lookup, ...options });
    return new AddressLocator(clock, settings, listing(faults));
  }

  it('tells where an address is, and remembers it', async () => {
    const locator = makeLocator();
    const answer = locator.locate('8.8.8.8');
    expect(answer).to.be.an.instanceOf(Promise);
    source.answer('8.8.8.8', SWISS);
    expect(await answer).to.deep.equal(SWISS);
    expect(locator.locate('8.8.8.8')).to.deep.equal(SWISS);
    expect(locator.locate('::ffff:8.8.8.8')).to.deep.equal(SWISS);
    expect(source.asked).to.deep.equal(['8.8.8.8']);
    expect(locator.stats()).to.deep.include({ hits: 2, misses: 1, lookups: 1, failures: 0, withheld: 0 });
  });

  it('keeps the known fields of an answer alone, as sources repeat the address and its network', async () => {
    const lookup = (address: string): object => ({
      ...SWISS,
      [address]: {},
      ip: address,
      network: `${address}/32`,
      region: { note: `seen ${address}` },
      latitude: 1359103374,
      longitude: 0,
    });
    const locator = makeLocator({ lookup: lookup as never });
    expect(await locator.locate('81.2.69.142')).to.deep.equal(SWISS);
  });

  it('keeps nothing of an answer without any', async () => {
    const locator = makeLocator({ lookup: () => ({ octets: [81, 2, 69, 142] }) });
    expect(await locator.locate('81.2.69.142')).to.equal(null);
    expect(locator.stats().failures).to.equal(0);
  });

  it('remembers a location and an unknown address as long as the settings say', async () => {
    const lookup = (address: string): typeof SWISS | null => (address === '8.8.8.8' ? SWISS : null);
    const locator = makeLocator({ lookup, cacheMaxAgeMs: 10_000, cacheMissMaxAgeMs: 2000 });
    const locate = (): readonly unknown[] => ['8.8.8.8', '8.8.4.4'].map((address) => locator.locate(address));
    expect(await Promise.all(locate())).to.deep.equal([SWISS, null]);
    await clock.advance(1999);
    expect(locate()).to.deep.equal([SWISS, null]);
    await clock.advance(1);
    const [known, unknown] = locate();
    expect(known).to.deep.equal(SWISS);
    expect(await unknown).to.equal(null);
    expect(unknown).to.be.an.instanceOf(Promise);
    await clock.advance(8000);
    expect(locator.locate('8.8.8.8')).to.be.an.instanceOf(Promise);
    expect(locator.stats()).to.deep.include({ hits: 3, misses: 4, lookups: 4, failures: 0 });
  });

  it('remembers no more addresses than the settings say, and at least the last half of them', async () => {
    const addresses = Array.from({ length: 100 }, (_, index) => `8.8.8.${index}`);
    for (const count of [1, 7, 50, 100]) {
      const seen = addresses.slice(0, count);
      const locator = makeLocator({ lookup: () => SWISS, cacheMaxAddresses: 10, maxConcurrent: 1 });
      for (const address of seen) await locator.locate(address);
      expect(seen.slice(-5).some((address) => locator.locate(address) instanceof Promise)).to.equal(false);
      const all = seen.map((address) => locator.locate(address));
      expect(all.filter((each) => !(each instanceof Promise)).length).to.be.at.most(10);
    }
  });

  it('never sends an address that is not public', async () => {
    const locator = makeLocator();
    const addresses = [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '::1',
      'fe80::1%eth0',
      '2001:db8::1',
      'unknown',
    ];
    for (const address of addresses) {
      expect(locator.locate(address)).to.equal(null);
    }
    expect(source.asked).to.deep.equal([]);
    expect(locator.stats()).to.deep.include({ withheld: 7, hits: 0, misses: 0, lookups: 0 });
  });

  it('looks an address up once, however many wait for it', async () => {
    const locator = makeLocator();
    const addresses = ['8.8.8.8', '8.8.8.8', '::ffff:808:808'];
    const answers = addresses.map(async (address) => locator.locate(address));
    source.answer('8.8.8.8', SWISS);
    expect(await Promise.all(answers)).to.deep.equal([SWISS, SWISS, SWISS]);
    expect(source.asked).to.deep.equal(['8.8.8.8']);
    expect(locator.stats()).to.deep.include({ misses: 3, lookups: 1 });
  });

  it('looks up a bounded number at a time, lets a bounded number wait, and skips the rest', async () => {
    const locator = makeLocator({ maxConcurrent: 2, maxWaiting: 2 });
    const answers = ['8.0.0.1', '8.0.0.2', '8.0.0.3', '8.0.0.4', '8.0.0.5'].map(async (address) =>
      locator.locate(address),
    );
    expect(source.asked).to.deep.equal(['8.0.0.1', '8.0.0.2']);
    expect(await answers[4]).to.equal(null);
    source.answer('8.0.0.2', SWISS);
    expect(await answers[1]).to.deep.equal(SWISS);
    await clock.advance(0);
    expect(source.asked).to.deep.equal(['8.0.0.1', '8.0.0.2', '8.0.0.3']);
    for (const address of ['8.0.0.1', '8.0.0.3']) source.answer(address, SWISS);
    await clock.advance(0);
    source.answer('8.0.0.4', SWISS);
    expect(await Promise.all(answers)).to.deep.equal([SWISS, SWISS, SWISS, SWISS, null]);
    expect(locator.stats()).to.deep.include({ lookups: 4, skipped: { breaker: 0, queue: 1, closed: 0 } });
  });

  it('shares one frozen answer within the limits of a record', async () => {
    const locator = makeLocator({ lookup: () => ({ countryCode: 'CH', city: 'x'.repeat(5000) }) });
    const answer = await locator.locate('8.8.8.8');
    expect(answer).to.have.keys('countryCode', 'city');
    expect(answer?.['city']).to.have.length(200);
    expect(Object.isFrozen(answer)).to.equal(true);
    expect(locator.locate('8.8.8.8')).to.equal(answer);
  });

  it('ends what runs and what waits when it is closed, and looks nothing up afterwards', async () => {
    const locator = makeLocator({ maxConcurrent: 1 });
    const answers = ['8.0.0.1', '8.0.0.2'].map(async (address) => locator.locate(address));
    locator.close();
    expect(await Promise.all(answers)).to.deep.equal([null, null]);
    expect(locator.locate('8.0.0.3')).to.equal(null);
    expect(source.signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    expect(source.asked).to.deep.equal(['8.0.0.1']);
    expect(clock.pendingTimers).to.equal(0);
    expect(locator.stats()).to.deep.include({ failures: 0, skipped: { breaker: 0, queue: 0, closed: 2 } });
  });
});
