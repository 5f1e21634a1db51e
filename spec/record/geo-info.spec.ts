import { expect } from 'chai';
import { readFreeGeoIp } from '../../src/geo/free-geo-ip.js';
import { COUNTRY_FIELDS, FINE_GEO_FIELDS } from '../../src/record/geo-info.js';

describe('The fields of a location', () => {
  it('are those that the sources answer, each either of the country or finer', () => {
    const location = readFreeGeoIp({
      country_code: 'CH',
      country_name: 'Switzerland',
      region_name: 'Zurich',
      city: 'Zürich',
      time_zone: 'Europe/Zurich',
      latitude: 47.37,
      longitude: 8.54,
    });
    expect([...COUNTRY_FIELDS, ...FINE_GEO_FIELDS]).to.have.members(Object.keys(location ?? {}));
  });
});
