import { expect } from 'chai';
import { readFreeGeoIp } from '../../src/geo/http-geo.js';

const ZURICH = {
  countryCode: 'CH',
  countryName: 'Switzerland',
  region: 'Zurich',
  city: 'Zürich',
  latitude: 47.37,
  longitude: 8.54,
  timeZone: 'Europe/Zurich',
};

/** What the services answer, shortened to what is of interest and something besides. */
const ANSWERS = {
  FreeGeoIP: {
    ip: '203.0.113.1',
    country_code: 'CH',
    country_name: 'Switzerland',
    region_code: 'ZH',
    region_name: 'Zurich',
    city: 'Zürich',
    zip_code: '8000',
    time_zone: 'Europe/Zurich',
    latitude: 47.37,
    longitude: 8.54,
    metro_code: 0,
  },
  'ipapi.co': {
    ip: '203.0.113.1',
    city: 'Zürich',
    region: 'Zurich',
    country: 'CH',
    country_code: 'CH',
    country_name: 'Switzerland',
    latitude: 47.37,
    longitude: 8.54,
    timezone: 'Europe/Zurich',
  },
  'ip-api.com': {
    status: 'success',
    country: 'Switzerland',
    countryCode: 'CH',
    region: 'ZH',
    regionName: 'Zurich',
    city: 'Zürich',
    lat: 47.37,
    lon: 8.54,
    timezone: 'Europe/Zurich',
  },
  'ipwho.is': {
    success: true,
    country: 'Switzerland',
    country_code: 'CH',
    region: 'Zurich',
    city: 'Zürich',
    latitude: 47.37,
    longitude: 8.54,
    timezone: { id: 'Europe/Zurich', utc: '+01:00' },
  },
};

describe("The reader of FreeGeoIP's answers", () => {
  for (const [service, answer] of Object.entries(ANSWERS)) {
    it(`reads those of ${service}`, () => {
      expect(readFreeGeoIp(answer)).to.deep.equal(ZURICH);
    });
  }

  it('leaves out what is of another kind', () => {
    const odd = { country_code: 'CH', country: { code: 'CH' }, city: ['Zürich'], timezone: { id: 7 } };
    expect(readFreeGeoIp(odd)).to.deep.equal({ countryCode: 'CH' });
  });

  it('takes the answer of an error for that of an unknown address', () => {
    expect(readFreeGeoIp({})).to.equal(null);
    expect(readFreeGeoIp({ status: 'fail', message: 'reserved range', query: '203.0.113.1' })).to.equal(null);
    expect(readFreeGeoIp({ error: true, reason: 'Reserved IP Address' })).to.equal(null);
  });
});
