import { expect } from 'chai';
import { KnownLocations } from '../../../../src/capture/client/location/known-locations.js';
import { resolveGeo } from '../../../../src/options/geo-options.js';
import { ManualClock } from '../../../../src/testing/index.js';

describe('Known locations', () => {
  const clock = new ManualClock();
  const settings = {
    lookup: () => null,
    cacheMaxAddresses: 10,
    cacheMaxAgeMs: 10_000,
    cacheMissMaxAgeMs: 2000,
  };
  const make = (): KnownLocations => new KnownLocations(clock, resolveGeo('spec', settings));

  it('are remembered as long as the settings say, hits and misses', async () => {
    const known = make();
    const swiss = { countryCode: 'CH' };
    known.set('8.8.8.8', swiss);
    known.set('8.8.4.4', null);
    await clock.advance(1999);
    expect([known.get('8.8.8.8'), known.get('8.8.4.4')]).to.deep.equal([swiss, null]);
    await clock.advance(1);
    expect([known.get('8.8.8.8'), known.get('8.8.4.4')]).to.deep.equal([swiss, undefined]);
    await clock.advance(8000);
    expect(known.get('8.8.8.8')).to.equal(undefined);
  });

  it('are never more than the settings say, and the last half of them is there', () => {
    const known = make();
    const addresses = Array.from(
      { length: 1000 },
      (_, index) => `8.8.${Math.floor(index / 250)}.${index % 250}`,
    );
    for (const [index, address] of addresses.entries()) {
      known.set(address, { index });
      const seen = addresses.slice(0, index + 1);
      if (index % 97 !== 0) continue;
      expect(seen.filter((each) => known.get(each) !== undefined).length).to.be.at.most(10);
    }
    const fresh = make();
    for (const address of addresses) fresh.set(address, {});
    expect(addresses.slice(-5).every((address) => fresh.get(address) !== undefined)).to.equal(true);
  });

  it('can be forgotten', () => {
    const known = make();
    known.set('8.8.8.8', {});
    known.clear();
    expect(known.get('8.8.8.8')).to.equal(undefined);
  });
});
