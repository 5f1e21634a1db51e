import { expect } from 'chai';
import { countryOf, readGeoInfo } from '../../src/record/geo-info.js';

const ZURICH = {
  countryCode: 'CH',
  countryName: 'Switzerland',
  region: 'Zurich',
  city: 'Zürich',
  latitude: 47.37,
  longitude: 8.54,
  timeZone: 'Europe/Zurich',
};

describe('What is kept of a location', () => {
  it('is all that a source tells under known names', () => {
    expect(readGeoInfo({ ...ZURICH, ip: '8.8.8.8', isp: 'An ISP' } as object)).to.deep.equal(ZURICH);
  });

  it('is null where it tells nothing', () => {
    expect(readGeoInfo({})).to.equal(null);
  });

  for (const name of ['countryCode', 'countryName', 'region', 'city', 'timeZone'] as const) {
    it(`has ${name} as text that says something, and as nothing else`, () => {
      expect(readGeoInfo({ [name]: 'x' })).to.deep.equal({ [name]: 'x' });
      for (const value of ['', ' ', null, 7, ['Zürich'], { code: 'CH' }])
        expect(readGeoInfo({ [name]: value })).to.equal(null);
    });
  }

  it('has coordinates up to their bounds', () => {
    for (const [latitude, longitude] of [
      [90, 180],
      [-90, -180],
      [0, 8],
      [47, 0],
    ])
      expect(readGeoInfo({ latitude, longitude })).to.deep.equal({ latitude, longitude });
  });

  it('has no coordinates that are of another kind, out of bounds, alone, or those of nowhere', () => {
    for (const [latitude, longitude] of [
      ['47', '8'],
      [91, 8],
      [47, -181],
      [47, undefined],
      [undefined, 8],
      [NaN, 8],
      [0, 0],
    ])
      expect(readGeoInfo({ latitude, longitude })).to.equal(null);
  });

  it('is cut where it is longer than any name of a place', () => {
    expect(readGeoInfo({ city: 'x'.repeat(300) })?.city).to.have.length(200);
  });

  it('is the country alone for those who are not to be told apart', () => {
    expect(countryOf(ZURICH)).to.deep.equal({ countryCode: 'CH', countryName: 'Switzerland' });
    expect(countryOf({ city: 'Zürich' })).to.equal(null);
    expect(countryOf(null)).to.equal(null);
  });
});
