import { expect } from 'chai';
import { type GeoOptions, resolveGeo } from '../../src/options/geo-options.js';
import { refusalOf } from '../support/refusal.js';

const lookup = (): null => null;

const BOUNDS: readonly (readonly [name: keyof GeoOptions, min: number, max: number])[] = [
  ['maxWaitMs', 0, 60_000],
  ['timeoutMs', 1, 60_000],
  ['maxConcurrent', 1, 1000],
  ['maxWaiting', 0, 100_000],
  ['cacheMaxAddresses', 2, 1_000_000],
  ['cacheMaxAgeMs', 1000, 31_536_000_000],
  ['cacheMissMaxAgeMs', 1000, 31_536_000_000],
  ['breakerFailures', 1, 1000],
  ['breakerPauseMs', 1, 3_600_000],
];

describe('The option geo', () => {
  it('has these defaults', () => {
    expect(resolveGeo('trackUsage', { lookup })).to.deep.equal({
      lookup,
      maxWaitMs: 500,
      timeoutMs: 5000,
      maxConcurrent: 4,
      maxWaiting: 1000,
      cacheMaxAddresses: 10_000,
      cacheMaxAgeMs: 86_400_000,
      cacheMissMaxAgeMs: 3_600_000,
      breakerFailures: 5,
      breakerPauseMs: 30_000,
    });
  });

  it('may be the source alone', () => {
    expect(resolveGeo('trackUsage', lookup)).to.deep.equal(resolveGeo('trackUsage', { lookup }));
  });

  for (const [name, min, max] of BOUNDS) {
    it(`takes ${name} from ${min} to ${max}`, () => {
      for (const value of [min, max]) {
        expect(resolveGeo('trackUsage', { lookup, [name]: value })[name]).to.equal(value);
      }
      for (const value of [min - 1, max + 1, min + 0.5, String(min)]) {
        const { code, message } = refusalOf(() => resolveGeo('trackUsage', { lookup, [name]: value }));
        expect(code).to.equal('INVALID_OPTION');
        expect(message).to.contain(`trackUsage: the option 'geo.${name}' is`);
        expect(message).to.contain(`an integer from ${min} to ${max}`);
      }
    });
  }

  it('refuses what is no source', () => {
    for (const geo of [{}, { lookup: 'https://geo.example/{ip}' }, { lookup: {} }]) {
      const { message } = refusalOf(() => resolveGeo('trackUsage', geo as unknown as GeoOptions));
      expect(message).to.contain("the option 'geo.lookup' is").and.to.contain('maxmindGeo({ path })');
    }
    for (const geo of ['https://geo.example/{ip}', true, null, []]) {
      const { message } = refusalOf(() => resolveGeo('trackUsage', geo as unknown as GeoOptions));
      expect(message)
        .to.contain("the option 'geo' is")
        .and.to.contain('expected a function, such as maxmindGeo({ path })')
        .and.to.contain('or an object such as { lookup }');
    }
    const unknown = { lookup, path: 'x' } as GeoOptions;
    expect(refusalOf(() => resolveGeo('trackUsage', unknown)).message).to.contain("no option 'geo.path'");
  });
});
