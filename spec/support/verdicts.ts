import { expect } from 'chai';
import type { RegisteredEndpoint } from '../../src/endpoint/register.js';
import type { Verdict } from '../../src/report/report.js';
import type { VerdictRules } from '../../src/report/report-options.js';
import { type EndpointCalls, type Evidence, judge } from '../../src/report/verdict.js';
import { periodsOf } from '../../src/summary/periods.js';
import { NOW, daysAgo, registered } from './reports.js';

/** The rules unless others are given. */
export const RULES: VerdictRules = { minimumDays: 30, missingDays: 0, lossTolerance: 0.001 };

/** The first of the 90 days that end with today. */
const FROM = new Date('2026-04-02T00:00:00Z');

/** What is known of an endpoint, where it differs from one that is watched and was never called. */
export interface Case {
  readonly endpoint?: Partial<RegisteredEndpoint> | null;
  readonly called?: Partial<EndpointCalls>;
  readonly records?: Evidence['records'];
  readonly rules?: Partial<VerdictRules>;
  readonly isLastDayOpen?: boolean;
  readonly isFirstDayKnown?: boolean;
  readonly from?: Date;
  readonly timeZone?: string;
  readonly people?: boolean;
}

/** All that is known in a case. */
export function evidenceOf({
  endpoint = {},
  called,
  records,
  isLastDayOpen = false,
  isFirstDayKnown = true,
  from = FROM,
  timeZone = 'UTC',
  people = false,
}: Case): Evidence {
  return {
    registered: endpoint === null ? null : registered(endpoint),
    called: {
      calls: 0,
      bots: 0,
      clientErrors: 0,
      serverErrors: 0,
      callers: 0,
      lastCall: null,
      sinceGone: 0,
      ...called,
    },
    records: records ?? { accepted: 100_000, lost: 0 },
    window: windowFrom(from, timeZone),
    people,
    isLastDayOpen,
    isFirstDayKnown,
  };
}

function windowFrom(from: Date, timeZone: string): Evidence['window'] {
  const [periods, untilMs] = [periodsOf(timeZone), NOW.getTime()];
  return { periods, untilMs, days: [...periods.within('day', { startMs: from.getTime(), endMs: untilMs })] };
}

/** What is said of an endpoint that is to go in a month. */
export const DEPRECATED = { since: daysAgo(100), sunset: daysAgo(-31), replacement: '/v2', link: null };
/** What is known of an endpoint that went ten days ago. */
export const GONE = { isDeclared: false, lastDeclared: daysAgo(10), lastVersion: '1.3.9' };
/** Why an endpoint stays. */
export const KEEP = 'runs at the end of the year';

/** A case, and what is said of it. */
export type Row = readonly [title: string, given: Case, verdict: Verdict, reason: string];

/** Makes a spec of each case. */
export function itJudges(rows: readonly Row[]): void {
  for (const [title, given, verdict, reason] of rows) {
    it(`says ${verdict} of ${title}`, () => {
      expect(judge(evidenceOf(given), { ...RULES, ...given.rules })).to.deep.equal({ verdict, reason });
    });
  }
}
