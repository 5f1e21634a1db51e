import { expect } from 'chai';
import type { Duration } from '../../src/metadata/duration.js';
import type { RetentionOptions, RetentionSettings } from '../../src/options/retention-options.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { refusalOf } from '../support/refusal.js';

const DAY_MS = 86_400_000;

function settingsOf(retention: unknown): RetentionSettings | null {
  return resolveTrackerOptions({ retention: retention as RetentionOptions }).retention;
}

/** Units, the days that each counts as, and how many of it may be given at most. */
const UNITS = [
  ['days', 1, 3660],
  ['weeks', 7, 522],
  ['months', 31, 118],
  ['years', 366, 10],
] as const;

const PARTS = ['records', 'hours', 'days', 'callers'] as const;

/** What is no duration. */
const REFUSED: readonly (readonly [what: string, given: unknown])[] = [
  ['two units', { days: 1, weeks: 1 }],
  ['a unit and one that is undefined', { days: 1, weeks: undefined }],
  ['no unit', {}],
  ['a fraction', { days: 1.5 }],
  ['none of a unit', { months: 0 }],
  ['less than none', { days: -1 }],
  ['text for the number', { days: '30' }],
  ['a number that is none', { days: Number.NaN }],
  ['no end', { years: Number.POSITIVE_INFINITY }],
  ['a unit that does not exist', { hours: 48 }],
  ['one of a unit', { day: 1 }],
  ['a name that every object has', { constructor: 1 }],
  ['a number', 30],
  ['text', '30 days'],
  ['a list', [30]],
  ['null', null],
];

describe('The option retention', () => {
  it('is off where it is not given', () => {
    expect(resolveTrackerOptions({}).retention).to.equal(null);
  });

  it('keeps summaries by the hour for 90 days, by the day for 25 months, and those of callers as long as records', () => {
    expect(settingsOf({ records: { days: 30 } })).to.deep.equal({
      records: 30 * DAY_MS,
      hours: 90 * DAY_MS,
      days: 25 * 31 * DAY_MS,
      callers: undefined,
    });
  });

  it('takes a unit of its own for each part', () => {
    const given = { records: { days: 3 }, hours: { weeks: 2 }, days: { years: 3 }, callers: { months: 4 } };
    expect(settingsOf(given)).to.deep.equal({
      records: 3 * DAY_MS,
      hours: 14 * DAY_MS,
      days: 3 * 366 * DAY_MS,
      callers: 4 * 31 * DAY_MS,
    });
  });

  for (const [unit, days, most] of UNITS) {
    it(`counts ${unit} as ${days} × 24 hours, from one to ${most}`, () => {
      const recordsFor = (count: number): unknown => settingsOf({ records: { [unit]: count } })?.records;
      for (const count of [1, 2, most]) expect(recordsFor(count)).to.equal(count * days * DAY_MS);
      expect(refusalOf(() => recordsFor(most + 1)).message).to.include("the option 'retention.records' is ");
    });
  }

  for (const [what, given] of REFUSED) {
    it(`refuses ${what} for each part`, () => {
      for (const part of PARTS) {
        const error = refusalOf(() => settingsOf({ records: { days: 30 }, [part]: given }));
        expect(error).to.include({ code: 'INVALID_OPTION' });
        expect(error.message)
          .to.include(`trackUsage: the option 'retention.${part}' is `)
          .and.match(
            /expected one of \{ days \}, \{ weeks \}, \{ months \} and \{ years \}, .* 3660 days at most/,
          );
      }
    });
  }

  it('needs to know how long records are kept, and refuses that by itself', () => {
    for (const given of [{}, { days: 30 }, { hours: { days: 30 } }])
      expect(refusalOf(() => settingsOf(given)).message).to.include("'retention.records' is undefined");
  });

  it('has a type that takes one unit alone', () => {
    // @ts-expect-error two units would say two things
    const two: Duration = { days: 1, weeks: 1 };
    // @ts-expect-error there is no such unit
    const none: Duration = { hours: 1 };
    for (const given of [two, none])
      expect(refusalOf(() => settingsOf({ records: given }))).to.include({ code: 'INVALID_OPTION' });
  });
});
