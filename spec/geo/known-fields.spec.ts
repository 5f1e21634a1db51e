import { expect } from 'chai';
import { type GeoAnswer, knownFields } from '../../src/geo/known-fields.js';

const ZURICH = {
  countryCode: 'CH',
  countryName: 'Switzerland',
  region: 'Zurich',
  city: 'Zürich',
  latitude: 47.37,
  longitude: 8.54,
  timeZone: 'Europe/Zurich',
};

const NOTHING = Object.fromEntries(
  Object.keys(ZURICH).map((name) => [name, undefined]),
) as unknown as GeoAnswer;

const known = (answer: Partial<GeoAnswer>) => knownFields({ ...NOTHING, ...answer });

describe('The known fields of a location', () => {
  it('are all that a source tells', () => {
    expect(knownFields(ZURICH)).to.deep.equal(ZURICH);
  });

  it('are null where it tells nothing', () => {
    expect(known({})).to.equal(null);
  });

  for (const name of ['countryCode', 'countryName', 'region', 'city', 'timeZone'] as const) {
    it(`have ${name} as text that says something, and as nothing else`, () => {
      expect(known({ [name]: 'x' })).to.deep.equal({ [name]: 'x' });
      for (const value of ['', ' ', null, 7, ['Zürich'], { code: 'CH' }])
        expect(known({ [name]: value })).to.equal(null);
    });
  }

  it('have coordinates up to their bounds', () => {
    for (const [latitude, longitude] of [
      [90, 180],
      [-90, -180],
      [0, 8],
      [47, 0],
    ])
      expect(known({ latitude, longitude })).to.deep.equal({ latitude, longitude });
  });

  it('have no coordinates that are of another kind, out of bounds, alone, or those of nowhere', () => {
    for (const [latitude, longitude] of [
      ['47', '8'],
      [91, 8],
      [47, -181],
      [47, undefined],
      [undefined, 8],
      [NaN, 8],
      [0, 0],
    ])
      expect(known({ latitude, longitude })).to.equal(null);
  });
});
