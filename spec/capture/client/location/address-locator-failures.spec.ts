import { expect } from 'chai';
import { AddressLocator } from '../../../../src/capture/client/location/address-locator.js';
import { type GeoOptions, resolveGeo } from '../../../../src/options/geo-options.js';
import type { GeoLookup } from '../../../../src/record/geo-info.js';
import { ManualClock } from '../../../../src/testing/index.js';
import { ControlledSource } from '../../../support/controlled-source.js';
import { listing } from '../../../support/listing-sink.js';
import { oddValues } from '../../../support/odd-values.js';

const SWISS = { countryCode: 'CH' };

function fail(): never {
  throw new Error('the source is away');
}

describe('An address locator whose source fails', () => {
  let clock: ManualClock;
  let faults: string[];

  beforeEach(() => {
    clock = new ManualClock();
    faults = [];
  });

  function makeLocator(lookup: GeoLookup, options: Partial<GeoOptions> = {}): AddressLocator {
    const settings = resolveGeo('spec', { lookup, ...options });
    return new AddressLocator(clock, settings, listing(faults));
  }

  it('answers null, and asks again the next time', async () => {
    const source = new ControlledSource();
    const locator = makeLocator(source.lookup);
    const first = locator.locate('8.8.8.8');
    source.fail('8.8.8.8', new Error('not now'));
    expect(await first).to.equal(null);
    const second = locator.locate('8.8.8.8');
    source.answer('8.8.8.8', SWISS);
    expect(await second).to.deep.equal(SWISS);
    expect(locator.stats()).to.deep.include({ lookups: 2, failures: 1 });
  });

  it('gives up after its time, and does not wait for those that hang', async () => {
    const source = new ControlledSource();
    const locator = makeLocator(source.lookup, { timeoutMs: 100, maxConcurrent: 1 });
    const answers = ['8.0.0.1', '8.0.0.2'].map(async (address) => locator.locate(address));
    await clock.advance(99);
    expect(source.asked).to.deep.equal(['8.0.0.1']);
    await clock.advance(1);
    expect(await answers[0]).to.equal(null);
    expect(source.signals[0]?.aborted).to.equal(true);
    source.answer('8.0.0.1', SWISS);
    expect(source.asked).to.deep.equal(['8.0.0.1', '8.0.0.2']);
    source.answer('8.0.0.2', SWISS);
    expect(await answers[1]).to.deep.equal(SWISS);
    expect(clock.pendingTimers).to.equal(0);
    const again = locator.locate('8.0.0.1');
    source.answer('8.0.0.1', SWISS);
    expect(await again).to.deep.equal(SWISS);
    expect(source.asked).to.deep.equal(['8.0.0.1', '8.0.0.2', '8.0.0.1']);
    expect(faults).to.deep.equal(['a geo look-up failed: it took longer than 100 ms']);
  });

  it('never rejects, whatever is thrown or answered', async () => {
    const locator = makeLocator(() => null, { breakerFailures: 1000 });
    expect(await locator.locate('8.0.0.1')).to.equal(null);
    let host = 0;
    for (const value of oddValues()) {
      for (const lookup of [
        () => {
          throw value;
        },
        () => Promise.reject(value),
        () => value,
        async () => value,
      ] as GeoLookup[]) {
        host += 1;
        const answer = await makeLocator(lookup).locate(`8.1.0.${host % 250}`);
        expect(answer === null || typeof answer === 'object').to.equal(true);
      }
    }
  });

  it('counts as a failure what is neither an object nor null', async () => {
    for (const answer of ['CH', 7, true, [SWISS]]) {
      const locator = makeLocator((() => answer) as unknown as GeoLookup);
      expect(await locator.locate('8.8.8.8')).to.equal(null);
      expect(locator.stats()).to.deep.include({ lookups: 1, failures: 1 });
    }
  });

  it('is left alone after failures in a row, and tried again by one look-up after the pause', async () => {
    let isAway = true;
    const asked: string[] = [];
    const lookup: GeoLookup = (address) => {
      asked.push(address);
      return isAway ? fail() : SWISS;
    };
    const locator = makeLocator(lookup, { breakerFailures: 3, breakerPauseMs: 1000 });
    for (let host = 1; host <= 10; host += 1) expect(await locator.locate(`8.0.0.${host}`)).to.equal(null);
    expect(locator.stats()).to.deep.include({
      lookups: 3,
      failures: 3,
      skipped: { breaker: 7, queue: 0, closed: 0 },
    });
    await clock.advance(1000);
    expect(await Promise.all([locator.locate('8.0.1.1'), locator.locate('8.0.1.2')])).to.deep.equal([
      null,
      null,
    ]);
    expect(asked).to.have.length(4);
    isAway = false;
    await clock.advance(1000);
    expect(await locator.locate('8.0.2.1')).to.deep.equal(SWISS);
    expect(await Promise.all([locator.locate('8.0.2.2'), locator.locate('8.0.2.3')])).to.deep.equal([
      SWISS,
      SWISS,
    ]);
  });

  it('lets those in the line go when it is left alone, and not when an address is not known', async () => {
    const source = new ControlledSource();
    const locator = makeLocator(source.lookup, { maxConcurrent: 1, breakerFailures: 1 });
    const answers = ['8.0.0.1', '8.0.0.2', '8.0.0.3', '8.0.0.4'].map(async (address) =>
      locator.locate(address),
    );
    source.answer('8.0.0.1', null);
    await clock.advance(0);
    source.fail('8.0.0.2', new Error('away'));
    expect(await Promise.all(answers)).to.deep.equal([null, null, null, null]);
    expect(source.asked).to.deep.equal(['8.0.0.1', '8.0.0.2']);
    expect(locator.stats().skipped).to.deep.equal({ breaker: 2, queue: 0, closed: 0 });
  });

  it('is told of without what others wrote, as that may hold the address', async () => {
    const lookup: GeoLookup = (address) => {
      throw Object.assign(new RangeError(`https://geo.example/${address} is away`), { code: 'ECONNREFUSED' });
    };
    const locator = makeLocator(lookup, { breakerFailures: 1000 });
    await locator.locate('2606:4700::1');
    expect(faults).to.deep.equal([
      'a geo look-up failed: RangeError (ECONNREFUSED); its message is not told, as it may hold the address',
    ]);
  });
});
