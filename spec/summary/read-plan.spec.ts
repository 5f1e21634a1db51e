import { expect } from 'chai';
import { type Look, type Mark, type Unit, type UnitKind, emptyManifest } from '../../src/summary/manifest.js';
import { type Span, periodsOf } from '../../src/summary/periods.js';
import { planRead } from '../../src/summary/read-plan.js';
import { resolveSummaryQuery } from '../../src/summary/summary-query.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../support/summarized.js';

const START_MS = Date.parse('2026-06-01T00:00:00Z');
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

function unit(kind: UnitKind, offsetMs: number, lengthMs: number, dimensions = ['server']): Unit {
  const startMs = START_MS + offsetMs;
  return { kind, startMs, endMs: startMs + lengthMs, edition: 'an edition', dimensions };
}

/** Two days with their hours, and the first hour of a third, with its slices. */
const UNITS: readonly Unit[] = [
  ...[0, 1].map((day) => unit('day', day * DAY_MS, DAY_MS)),
  ...[0, 1].flatMap((day) => HOURS.map((hour) => unit('hour', day * DAY_MS + hour * HOUR_MS, HOUR_MS))),
  unit('hour', 2 * DAY_MS, HOUR_MS),
  ...HOURS.slice(0, 12).map((slice) => unit('slice', 2 * DAY_MS + slice * 5 * MINUTE_MS, 5 * MINUTE_MS)),
];

function markOf(offsetMs: number): Mark {
  const startMs = START_MS + offsetMs;
  return { id: 'mark', startMs, endMs: startMs + 5 * MINUTE_MS, isWriting: true, sinceMs: 0 };
}

/** What is read of all of the three days: kinds with their number, and the hours whose records are counted. */
function planOf(query: object, marks: readonly Mark[] = [], units = UNITS, broken: readonly string[] = []) {
  const look: Look = { marks, manifest: { ...emptyManifest('UTC'), units } };
  const [startDate, endDate] = [START_MS, START_MS + 3 * DAY_MS].map((ms) => new Date(ms));
  const resolved = resolveSummaryQuery({ by: 'server', startDate, endDate, ...query });
  const plan = planRead(resolved, look, periodsOf('UTC'), new Set(broken));
  const count = (kind: UnitKind): number => plan.units.filter((each) => each.kind === kind).length;
  const inHours = (ms: number): number => (ms - START_MS) / HOUR_MS;
  return {
    days: count('day'),
    hours: count('hour'),
    slices: count('slice'),
    live: plan.live.map(({ startMs, endMs }: Span) => [inHours(startMs), inHours(endMs)]),
    until: plan.untilMs === null ? null : inHours(plan.untilMs),
  };
}

describe('The plan of an answer', () => {
  const tail = [49, 72];

  it('takes the longest periods, and records where there are none', () => {
    expect(planOf({})).to.deep.equal({ days: 2, hours: 1, slices: 0, live: [tail], until: null });
    expect(planOf({ period: 'hour' })).to.include({ days: 0, hours: 49, slices: 0 });
  });

  it('takes shorter ones in the place of those that a mark touches', () => {
    const touched = planOf({}, [markOf(DAY_MS + 3 * HOUR_MS), markOf(2 * DAY_MS + 30 * MINUTE_MS)]);
    const live = [[27, 28], [48.5, 48.5 + 5 / 60], tail];
    expect(touched).to.deep.equal({ days: 1, hours: 23, slices: 11, live, until: null });
  });

  it('takes shorter ones where the dates cut a period in two', () => {
    const startDate = new Date(START_MS + 22 * HOUR_MS + 1);
    const live = [[22 + 1 / HOUR_MS, 23], tail];
    expect(planOf({ startDate })).to.deep.equal({ days: 1, hours: 2, slices: 0, live, until: null });
  });

  it('takes none of which rows are missing, or that was summed up without the dimension', () => {
    const without = UNITS.map((each) => (each.kind === 'day' ? { ...each, dimensions: ['status'] } : each));
    expect(planOf({}, [], without)).to.include({ days: 0, hours: 49 });
    expect(planOf({}, [], UNITS, [`day ${START_MS}`])).to.include({ days: 1, hours: 25 });
  });

  it('leaves out what comes last with fresh: false, unless there is nothing before it', () => {
    const fresh = false;
    expect(planOf({ fresh })).to.deep.equal({ days: 2, hours: 1, slices: 0, live: [], until: 49 });
    const touched = planOf({ fresh }, [markOf(DAY_MS + 3 * HOUR_MS)]);
    expect(touched).to.deep.include({ live: [[27, 28]], until: 49 });
    expect(planOf({ fresh }, [], [])).to.deep.include({ live: [[0, 72]], until: null });
  });
});
