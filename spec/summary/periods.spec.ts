import { inspect } from 'node:util';
import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  ALWAYS,
  END_MS,
  FIRST_MS,
  Periods,
  SLICE_MS,
  type Span,
  isTimeZone,
  periodsOf,
} from '../../src/summary/periods.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/St_Johns',
  'America/Sao_Paulo',
] as const;

const ms = (iso: string): number => Date.parse(iso);

/** The lengths of the hours of a day, in minutes. */
function hoursOf(zone: string, iso: string): number[] {
  const periods = periodsOf(zone);
  const hours = [...periods.within('hour', periods.dayOf(ms(iso)))];
  return hours.map(({ startMs, endMs }) => (endMs - startMs) / 60_000);
}

function expectWithin(inner: Span, outer: Span): void {
  expect(inner.startMs).to.be.at.least(outer.startMs);
  expect(inner.endMs).to.be.at.most(outer.endMs);
}

/** Holds the periods around a moment against what is true of all of them. */
function expectSound(periods: Periods, moment: number): { day: Span; month: Span } {
  const kinds = ['sliceOf', 'hourOf', 'dayOf', 'monthOf'] as const;
  const spans = kinds.map((kind) => periods[kind](moment));
  for (const [index, kind] of kinds.entries()) {
    const span = spans[index] as Span;
    expect(moment, kind).to.be.within(span.startMs, span.endMs - 1);
    for (const inside of [span.startMs, Math.floor((span.startMs + span.endMs) / 2), span.endMs - 1])
      expect(periods[kind](inside), kind).to.deep.equal(span);
    expect(periods[kind](span.startMs - 1).endMs, kind).to.equal(span.startMs);
    expect(periods[kind](span.endMs).startMs, kind).to.equal(span.endMs);
    if (index > 0) expectWithin(spans[index - 1] as Span, span);
  }
  const [slice, hour, day, month] = spans as [Span, Span, Span, Span];
  expect(slice.endMs - slice.startMs).to.be.within(1, SLICE_MS);
  expect(hour.endMs - hour.startMs).to.be.within(1, HOUR_MS);
  expect(day.endMs - day.startMs).to.be.within(1, 2 * DAY_MS);
  expectSum([...periods.within('slice', hour)], hour);
  expectSum([...periods.within('hour', day)], day);
  return { day, month };
}

/** As {@link expectSound}, and days make the month. */
function expectSoundMonth(periods: Periods, moment: number): void {
  const { month } = expectSound(periods, moment);
  expectSum([...periods.within('day', month)], month);
}

/** What the zone's clock shows, beside its distance from UTC. */
function clockOf(zone: string): (ms: number) => { date: string; minutes: string; offset: string } {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const offsets = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return (moment) => {
    const [date = '', time = ''] = format.format(moment).split(' ');
    const offset = offsets.formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return { date, minutes: time.slice(3), offset };
  };
}

/** The moments from 1985 to 2030 at which the zone's clock was set. */
function changesOf(zone: string): number[] {
  const clock = clockOf(zone);
  const changes: number[] = [];
  for (let from = ms('1985-01-01'); from < ms('2030-01-01'); from += 20 * DAY_MS) {
    let [before, after] = [from, from + 20 * DAY_MS];
    const { offset } = clock(before);
    if (clock(after).offset === offset) continue;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (clock(middle).offset === offset) before = middle;
      else after = middle;
    }
    changes.push(after);
  }
  return changes;
}

/** An hour begins where the clock is full or was set. */
function expectHoursOnClock(zone: string, { startMs, endMs }: Span): void {
  const clock = clockOf(zone);
  for (const hour of periodsOf(zone).within('hour', { startMs, endMs })) {
    const { minutes, offset } = clock(hour.startMs);
    if (minutes !== '00:00') expect(clock(hour.startMs - 1).offset).to.not.equal(offset);
    expect(clock(hour.endMs - 1).offset).to.equal(offset);
  }
}

/** A day begins where the date changes. */
function expectDayOnClock(zone: string, { startMs, endMs }: Span): void {
  const clock = clockOf(zone);
  const { date } = clock(startMs);
  expect([clock(startMs - 1).date, clock(endMs).date]).to.not.include(date);
  expect(clock(endMs - 1).date).to.equal(date);
}

/** Parts that follow each other without a gap, and make the whole. */
function expectSum(parts: readonly Span[], whole: Span): void {
  expect(parts[0]?.startMs).to.equal(whole.startMs);
  expect(parts.at(-1)?.endMs).to.equal(whole.endMs);
  for (const [index, part] of parts.slice(1).entries()) expect(part.startMs).to.equal(parts[index]?.endMs);
}

describe('Periods', () => {
  for (const zone of ZONES) {
    it(`always partitions time into periods that nest, in ${zone}`, () => {
      const anyMoment = fc.oneof(
        fc.integer({ min: ms('1970-01-01'), max: ms('2040-01-01') }),
        fc.integer({ min: ms('1880-01-01'), max: ms('1970-01-01') }),
        fc.integer({ min: FIRST_MS, max: END_MS - 1 }),
      );
      fc.assert(
        fc.property(anyMoment, (moment) => expectSoundMonth(new Periods(zone), moment)),
        { numRuns: 25 },
      );
    });

    it(`answers in any order as it does in the order of time, in ${zone}`, () => {
      const periods = new Periods(zone);
      const anyMoment = fc.integer({ min: ms('2011-12-25'), max: ms('2012-01-05') });
      fc.assert(
        fc.property(anyMoment, (moment) => {
          expect(periods.hourOf(moment)).to.deep.equal(new Periods(zone).hourOf(moment));
        }),
        { numRuns: 30 },
      );
    });
  }

  for (const zone of ZONES.slice(1)) {
    it(`always does so around the moments at which clocks were set, in ${zone}`, () => {
      const changes = [ms('2026-01-01'), ...changesOf(zone)];
      const anyMoment = fc
        .tuple(fc.constantFrom(...changes), fc.integer({ min: -2 * HOUR_MS, max: 2 * HOUR_MS }))
        .map(([change, distance]) => change + distance);
      fc.assert(
        fc.property(anyMoment, (moment) => {
          const { day } = expectSound(periodsOf(zone), moment);
          expectHoursOnClock(zone, day);
          // There, clocks were set back at a minute past midnight, so that a date began twice.
          if (zone !== 'America/St_Johns') expectDayOnClock(zone, day);
        }),
      );
    });
  }

  it('partitions time in every zone that this machine knows', () => {
    for (const zone of Intl.supportedValuesOf('timeZone'))
      for (const iso of ['2026-03-29T00:59:59.999Z', '1994-12-31T11:30:00Z'])
        expectSound(new Periods(zone), ms(iso));
  }).timeout(120_000);

  it('partitions time at its first and its last moment', () => {
    for (const zone of ZONES) {
      const periods = new Periods(zone);
      for (const moment of [ALWAYS.startMs, ALWAYS.endMs - 1]) expectSoundMonth(periods, moment);
    }
  });

  it('has no time zone that is none', () => {
    expect(() => new Periods('Europe/Atlantis')).to.throw(RangeError);
  });
});

describe('Periods where clocks are changed', () => {
  it('has a day of 23 hours and one of 25 in Berlin', () => {
    expect(hoursOf('Europe/Berlin', '2026-03-29T12:00Z')).to.deep.equal(Array(23).fill(60));
    expect(hoursOf('Europe/Berlin', '2026-10-25T12:00Z')).to.deep.equal(Array(25).fill(60));
    const { startMs, endMs } = periodsOf('Europe/Berlin').dayOf(ms('2026-10-25T12:00Z'));
    expect([startMs, endMs]).to.deep.equal([ms('2026-10-24T22:00Z'), ms('2026-10-25T23:00Z')]);
  });

  it('tells the two hours apart that are two o’clock in Berlin', () => {
    const periods = periodsOf('Europe/Berlin');
    const [first, second] = ['2026-10-25T00:30Z', '2026-10-25T01:30Z'].map((iso) => periods.hourOf(ms(iso)));
    expect(first).to.deep.equal({ startMs: ms('2026-10-25T00:00Z'), endMs: ms('2026-10-25T01:00Z') });
    expect(second).to.deep.equal({ startMs: ms('2026-10-25T01:00Z'), endMs: ms('2026-10-25T02:00Z') });
  });

  it('has half an hour where Lord Howe sets its clock by half an hour', () => {
    const spring = hoursOf('Australia/Lord_Howe', '2026-10-04T00:00Z');
    const autumn = hoursOf('Australia/Lord_Howe', '2026-04-05T00:00Z');
    expect([spring.length, spring.filter((minutes) => minutes === 30).length]).to.deep.equal([24, 1]);
    expect([autumn.length, autumn.filter((minutes) => minutes === 30).length]).to.deep.equal([25, 1]);
  });

  it('has hours that begin where the clock of Kathmandu is full, at a quarter past', () => {
    const { startMs, endMs } = periodsOf('Asia/Kathmandu').hourOf(ms('2026-01-01T00:00Z'));
    expect([startMs, endMs]).to.deep.equal([ms('2025-12-31T23:15Z'), ms('2026-01-01T00:15Z')]);
    expect(periodsOf('Asia/Kathmandu').dayOf(ms('2026-01-01T00:00Z')).startMs).to.equal(
      ms('2025-12-31T18:15Z'),
    );
  });

  it('goes on with the 31st of December 2011 after the 29th in Apia, which had no 30th', () => {
    const periods = periodsOf('Pacific/Apia');
    const day = periods.dayOf(ms('2011-12-30T09:59:59.999Z'));
    expect(day).to.deep.equal({ startMs: ms('2011-12-29T10:00Z'), endMs: ms('2011-12-30T10:00Z') });
    expect(periods.dayOf(day.endMs).endMs).to.equal(ms('2011-12-31T10:00Z'));
    expect([...periods.within('day', periods.monthOf(day.startMs))]).to.have.length(30);
    const starts = ['2011-12-29', '2011-12-30', '2011-12-31'].map((date) => periods.startOfDate(date));
    expect(starts).to.deep.equal([day.startMs, day.endMs, day.endMs]);
  });

  it('lets no moment out where St. John’s set its clock back over midnight', () => {
    const periods = periodsOf('America/St_Johns');
    for (let year = 1987; year <= 2010; year += 1) {
      for (let day = 25; day <= 31; day += 1) {
        const midnight = Date.UTC(year, 9, day, 2, 31);
        for (const moment of [midnight - 1, midnight, midnight + 59_000, midnight + HOUR_MS])
          expectSound(periods, moment);
      }
    }
  }).timeout(60_000);

  it('begins a day at one o’clock where São Paulo left midnight out, and ends one at its second eleven', () => {
    const periods = periodsOf('America/Sao_Paulo');
    const spring = periods.dayOf(ms('2018-11-04T12:00Z'));
    expect(spring).to.deep.equal({ startMs: ms('2018-11-04T03:00Z'), endMs: ms('2018-11-05T02:00Z') });
    expect(hoursOf('America/Sao_Paulo', '2018-11-04T12:00Z')).to.deep.equal(Array(23).fill(60));
    expect(hoursOf('America/Sao_Paulo', '2019-02-16T12:00Z')).to.deep.equal(Array(25).fill(60));
  });
});

describe('Periods of the calendar', () => {
  it('has a leap day in the February of leap years alone', () => {
    const daysOf = (iso: string): number =>
      [...periodsOf('Europe/Berlin').within('day', periodsOf('Europe/Berlin').monthOf(ms(iso)))].length;
    const februaries = ['1900', '2000', '2024', '2026', '2100'].map((year) => daysOf(`${year}-02-15`));
    expect(februaries).to.deep.equal([28, 29, 29, 28, 28]);
  });

  it('ends a month where the zone’s next one begins', () => {
    const { startMs, endMs } = periodsOf('Europe/Berlin').monthOf(ms('2026-03-31T21:59:59.999Z'));
    expect([startMs, endMs]).to.deep.equal([ms('2026-02-28T23:00Z'), ms('2026-03-31T22:00Z')]);
    expect(periodsOf('UTC').monthOf(ms('2026-12-31T23:59:59.999Z')).endMs).to.equal(ms('2027-01-01'));
  });

  it('has the beginning of the period that is asked for', () => {
    const periods = periodsOf('Asia/Kathmandu');
    const moment = ms('2026-01-15T12:34:56Z');
    expect(periods.startOf('hour', moment)).to.equal(ms('2026-01-15T12:15Z'));
    expect(periods.startOf('day', moment)).to.equal(ms('2026-01-14T18:15Z'));
    expect(periods.startOf('month', moment)).to.equal(ms('2025-12-31T18:15Z'));
    expect(periods.startOf('total', moment)).to.equal(null);
  });

  it('has the periods that a span touches, and none for an empty one', () => {
    const periods = periodsOf('UTC');
    const span = { startMs: ms('2026-01-01T00:59Z'), endMs: ms('2026-01-01T02:00Z') };
    expect([...periods.within('hour', span)].map(({ startMs }) => startMs)).to.deep.equal([
      ms('2026-01-01T00:00Z'),
      ms('2026-01-01T01:00Z'),
    ]);
    expect([...periods.within('slice', { startMs: 0, endMs: 0 })]).to.deep.equal([]);
  });

  it('knows which zones there are', () => {
    expect(['UTC', 'Europe/Berlin', 'Asia/Calcutta'].every(isTimeZone)).to.equal(true);
    for (const value of ['', 'Europe/Atlantis', ' UTC', null, undefined, 5, {}, ['UTC']])
      expect(isTimeZone(value), inspect(value)).to.equal(false);
  });
});
