import { expect } from 'chai';
import * as fc from 'fast-check';
import { judge } from '../../src/report/verdict.js';
import { NOW, daysAgo } from '../support/reports.js';
import { GONE, KEEP, RULES, type Row, evidenceOf, itJudges } from '../support/verdicts.js';

const NOT_DECLARED: readonly Row[] = [
  ['no call', { endpoint: GONE }, 'gone', 'last declared 2026-06-20, in version 1.3.9'],
  [
    'calls before it went',
    { endpoint: GONE, called: { calls: 40, callers: 2 } },
    'gone',
    'last declared 2026-06-20, in version 1.3.9',
  ],
  [
    'a version that nobody knows',
    { endpoint: { ...GONE, lastVersion: null } },
    'gone',
    'last declared 2026-06-20',
  ],
  [
    'calls since',
    { endpoint: GONE, called: { calls: 41, clientErrors: 41, sinceGone: 3 } },
    'gone-still-called',
    '3 calls since; last declared 2026-06-20, in version 1.3.9',
  ],
  [
    'a call since, by a crawler',
    { endpoint: GONE, called: { calls: 1, bots: 1, sinceGone: 1 } },
    'gone-still-called',
    '1 call since; last declared 2026-06-20, in version 1.3.9',
  ],
  [
    'a reason to keep it',
    { endpoint: { ...GONE, keep: KEEP } },
    'gone',
    'last declared 2026-06-20, in version 1.3.9',
  ],
  [
    'no tracking',
    { endpoint: { ...GONE, tracked: false, trackedSince: null } },
    'gone',
    'last declared 2026-06-20, in version 1.3.9',
  ],
];

describe('judge', () => {
  itJudges(NOT_DECLARED);

  const anyEvidence = fc
    .record({
      calls: fc.nat(3),
      bots: fc.nat(3),
      watchedDays: fc.nat(90),
      lost: fc.nat(200),
      rate: fc.constantFrom(null, 0, 0.3, 1),
      tracked: fc.boolean(),
      isDeclared: fc.boolean(),
      keep: fc.constantFrom(null, KEEP),
      trackedDays: fc.integer({ min: -2, max: 400 }),
      isLastDayOpen: fc.boolean(),
      missingDays: fc.nat(90),
    })
    .map(
      ({ calls, bots, watchedDays, lost, rate, trackedDays, isLastDayOpen, missingDays, ...endpoint }) => ({
        endpoint: { ...endpoint, watchedDays, lowestSampleRate: rate, trackedSince: daysAgo(trackedDays) },
        called: { calls, bots: Math.min(bots, calls), callers: calls },
        records: { accepted: 100_000, lost },
        rules: { missingDays },
        isLastDayOpen,
      }),
    );

  it('never says unused of what was called, or of what nobody watched', () => {
    fc.assert(
      fc.property(anyEvidence, (given) => {
        const { verdict } = judge(evidenceOf(given), { ...RULES, ...given.rules });
        const { watchedDays, trackedSince, lowestSampleRate, tracked } = given.endpoint;
        if (verdict !== 'unused') return;
        expect(given.called.calls).to.equal(0);
        expect([tracked, lowestSampleRate]).to.deep.equal([true, 1]);
        expect(watchedDays).to.be.above(0);
        expect(trackedSince.getTime()).to.be.at.most(daysAgo(30).getTime());
        const days = Math.min(90, Math.ceil((NOW.getTime() - trackedSince.getTime()) / 86_400_000) - 1);
        expect(watchedDays + given.rules.missingDays).to.be.at.least(days - 1);
        expect(given.records.lost).to.be.at.most(100);
      }),
      { numRuns: 500 },
    );
  });

  it('says the same of an endpoint where crawlers are not counted in calls', () => {
    fc.assert(
      fc.property(anyEvidence, (given) => {
        const rules = { ...RULES, ...given.rules };
        const ofPeople = judge(evidenceOf({ ...given, people: true }), rules);
        expect(ofPeople.verdict).to.equal(judge(evidenceOf(given), rules).verdict);
      }),
      { numRuns: 500 },
    );
    const called = { calls: 1205, bots: 5, callers: 2 };
    expect(judge(evidenceOf({ called, people: true }), RULES).reason).to.equal('1,200 calls, 2 callers');
  });

  it('tells how many calls a sample may have missed, at most 5 times in a hundred', () => {
    for (const rate of [0.001, 0.01, 0.1, 0.25, 0.5, 0.9]) {
      const { reason } = judge(evidenceOf({ endpoint: { lowestSampleRate: rate } }), RULES);
      const most = Number(/at most ([\d,]+) call/.exec(reason)?.[1]?.replaceAll(',', ''));
      expect((1 - rate) ** most).to.be.at.least(0.05);
      expect((1 - rate) ** (most + 1)).to.be.below(0.05);
    }
  });
});
