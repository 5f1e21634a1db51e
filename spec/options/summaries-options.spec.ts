import { expect } from 'chai';
import { defineSummary } from '../../src/index.js';
import type { SummariesOptions, SummariesSettings } from '../../src/options/summaries-options.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { DIMENSION_NAMES } from '../../src/summary/dimensions.js';
import { refusalOf } from '../support/refusal.js';

const DEFAULTS = ['endpoint', 'caller', 'endpointCaller', 'status', 'client', 'server'];

function settingsOf(summaries: unknown): SummariesSettings | null {
  return resolveTrackerOptions({ summaries: summaries as SummariesOptions }).summaries;
}

function namesOf(dimensions: unknown): string[] | undefined {
  return settingsOf({ dimensions })?.dimensions.map(({ name }) => name);
}

function refusal(summaries: unknown): string {
  const error = refusalOf(() => settingsOf(summaries));
  expect(error).to.include({ code: 'INVALID_OPTION' });
  return error.message;
}

describe('The option summaries', () => {
  const area = defineSummary({ name: 'area-of-the-options', key: ({ path }) => path.slice(0, 3) });

  it('sums up in UTC, by the dimensions that are asked for most, unless it is told otherwise', () => {
    for (const settings of [settingsOf(undefined), settingsOf({})]) {
      expect(settings?.timeZone).to.equal('UTC');
      expect(settings?.dimensions.map(({ name }) => name)).to.deep.equal(DEFAULTS);
    }
  });

  it('sums up nothing where it is false', () => {
    expect(settingsOf(false)).to.equal(null);
  });

  for (const given of [true, 'Europe/Berlin', 0, null, ['endpoint']]) {
    it(`refuses ${JSON.stringify(given)} in place of false and an object`, () => {
      expect(refusal(given)).to.match(
        /the option 'summaries' is .*; expected false, or an object such as \{ timeZone \}\.$/,
      );
    });
  }

  it('refuses a setting that does not exist', () => {
    expect(refusal({ timezone: 'UTC' })).to.include("there is no option 'summaries.timezone'");
  });

  for (const timeZone of ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu']) {
    it(`takes the time zone ${timeZone}, and leaves the dimensions as they are`, () => {
      const settings = settingsOf({ timeZone });
      expect(settings?.timeZone).to.equal(timeZone);
      expect(settings?.dimensions.map(({ name }) => name)).to.deep.equal(DEFAULTS);
    });
  }

  for (const timeZone of ['Europe/Atlantis', '', 'UTC\0', 5, {}, null, ['UTC']]) {
    it(`refuses the time zone ${JSON.stringify(timeZone)}`, () => {
      expect(refusal({ timeZone })).to.match(
        /the option 'summaries\.timeZone' is .*; expected a time zone that this machine knows, such as 'Europe\/Berlin'\.$/,
      );
    });
  }

  it('takes dimensions by their names, and those that defineSummary made, in the order given', () => {
    expect(namesOf(DIMENSION_NAMES)).to.deep.equal(DIMENSION_NAMES);
    expect(namesOf(['status', area, 'country'])).to.deep.equal(['status', 'area-of-the-options', 'country']);
    expect(namesOf(['area-of-the-options'])).to.deep.equal(['area-of-the-options']);
    expect(namesOf([])).to.deep.equal([]);
  });

  for (const [what, dimensions] of [
    ['a name twice', ['status', 'endpoint', 'status']],
    ['what defineSummary made twice', [area, area]],
    ['what defineSummary made beside its name', [area, 'area-of-the-options']],
    ['a name that nobody defined', ['endpoint', 'tenant-of-nobody']],
    ['a name that every object has', ['constructor']],
    ['what looks like a dimension and is none', [{ name: 'area-of-the-options' }]],
    ['a gap', [undefined]],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', [, 'status']],
    ['a name instead of a list', 'status'],
    ['a set instead of a list', new Set(['status'])],
    ['null', null],
  ] as const) {
    it(`refuses ${what} for dimensions, and names those that exist`, () => {
      expect(refusal({ dimensions })).to.match(
        /the option 'summaries\.dimensions' is .*; expected a list of endpoint, .*, or of what defineSummary returned, each of them once\.$/,
      );
    });
  }
});
