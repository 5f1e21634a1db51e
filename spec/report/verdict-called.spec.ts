import { daysAgo } from '../support/reports.js';
import { DEPRECATED, KEEP, type Row, itJudges } from '../support/verdicts.js';

const CALLED: readonly Row[] = [
  ['one call', { called: { calls: 1, callers: 1 } }, 'used', '1 call, 1 caller'],
  ['many calls', { called: { calls: 3118, callers: 4 } }, 'used', '3,118 calls, 4 callers'],
  ['callers that are deleted', { called: { calls: 5, callers: null } }, 'used', '5 calls, callers not told'],
  ['calls of nobody known', { called: { calls: 5, callers: 0 } }, 'used', '5 calls, 0 callers'],
  [
    'a call of a sample, which stands for many',
    { called: { calls: 1 / 0.03, callers: 1 } },
    'used',
    '33 calls, 1 caller',
  ],
  [
    'calls on the only day that was watched',
    { endpoint: { watchedDays: 1 }, called: { calls: 2, callers: 1 } },
    'used',
    '2 calls, 1 caller',
  ],
  [
    'calls in the first days',
    { endpoint: { trackedSince: daysAgo(3) }, called: { calls: 2, callers: 1 } },
    'used',
    '2 calls, 1 caller',
  ],
  [
    'calls although records were lost',
    { records: { accepted: 10, lost: 9 }, called: { calls: 1, callers: 1 } },
    'used',
    '1 call, 1 caller',
  ],
  [
    'calls before tracking ended',
    { endpoint: { tracked: false, trackedSince: null }, called: { calls: 7, callers: 1 } },
    'used',
    '7 calls, 1 caller, not tracked any more',
  ],
  [
    'calls, and no build that declares it',
    { endpoint: null, called: { calls: 7, callers: 1 } },
    'used',
    '7 calls, 1 caller',
  ],
  [
    'calls, and a reason to keep it',
    { endpoint: { keep: KEEP }, called: { calls: 7, callers: 1 } },
    'used',
    '7 calls, 1 caller',
  ],
  [
    'a call of the future, by a clock that is ahead',
    { called: { calls: 1, callers: 1, lastCall: daysAgo(-1) } },
    'used',
    '1 call, 1 caller',
  ],
  ['calls by crawlers alone', { called: { calls: 3, bots: 3 } }, 'bots-only', '3 calls, by crawlers alone'],
  ['one call by a crawler', { called: { calls: 1, bots: 1 } }, 'bots-only', '1 call, by crawlers alone'],
  [
    'calls by crawlers but for one',
    { called: { calls: 3, bots: 2, callers: 1 } },
    'used',
    '3 calls, 1 caller',
  ],
  [
    'failures of crawlers alone',
    { called: { calls: 3, bots: 3, clientErrors: 3 } },
    'bots-only',
    '3 calls, by crawlers alone',
  ],
  [
    'calls by crawlers alone, and a reason to keep it',
    { endpoint: { keep: KEEP }, called: { calls: 3, bots: 3 } },
    'kept',
    KEEP,
  ],
  [
    'calls by crawlers alone that no build declares',
    { endpoint: null, called: { calls: 3, bots: 3 } },
    'bots-only',
    '3 calls, by crawlers alone',
  ],
  ['client errors alone', { called: { calls: 41, clientErrors: 41, callers: 1 } }, 'fails-only', '41 × 4xx'],
  ['server errors alone', { called: { calls: 2, serverErrors: 2 } }, 'fails-only', '2 × 5xx'],
  [
    'errors of both kinds alone',
    { called: { calls: 5, clientErrors: 3, serverErrors: 2 } },
    'fails-only',
    '3 × 4xx, 2 × 5xx',
  ],
  [
    'errors but for one call',
    { called: { calls: 6, clientErrors: 3, serverErrors: 2, callers: 2 } },
    'used',
    '6 calls, 2 callers',
  ],
  [
    'errors alone, and a reason to keep it',
    { endpoint: { keep: KEEP }, called: { calls: 5, clientErrors: 5 } },
    'kept',
    KEEP,
  ],
  [
    'calls of what is deprecated',
    { endpoint: { deprecation: DEPRECATED }, called: { calls: 3118, callers: 4 } },
    'deprecated',
    'sunset in 31 days, 4 callers',
  ],
  [
    'calls of what has no sunset',
    { endpoint: { deprecation: { ...DEPRECATED, sunset: null } }, called: { calls: 1, callers: 1 } },
    'deprecated',
    'no sunset, 1 caller',
  ],
  [
    'calls after the sunset',
    { endpoint: { deprecation: { ...DEPRECATED, sunset: daysAgo(3) } }, called: { calls: 1, callers: 1 } },
    'deprecated',
    'sunset 3 days ago, 1 caller',
  ],
  [
    'calls on the day of the sunset',
    { endpoint: { deprecation: { ...DEPRECATED, sunset: daysAgo(0.25) } }, called: { calls: 1, callers: 1 } },
    'deprecated',
    'sunset today, 1 caller',
  ],
  [
    'calls hours before the sunset',
    {
      endpoint: { deprecation: { ...DEPRECATED, sunset: daysAgo(-0.25) } },
      called: { calls: 1, callers: 1 },
    },
    'deprecated',
    'sunset within a day, 1 caller',
  ],
  [
    'crawlers alone that call what is deprecated',
    { endpoint: { deprecation: DEPRECATED }, called: { calls: 2, bots: 2 } },
    'bots-only',
    '2 calls, by crawlers alone; sunset in 31 days',
  ],
  [
    'errors alone of what is deprecated',
    { endpoint: { deprecation: DEPRECATED }, called: { calls: 2, clientErrors: 2 } },
    'fails-only',
    '2 × 4xx; sunset in 31 days',
  ],
  [
    'calls of what is deprecated, and a reason to keep it',
    { endpoint: { deprecation: DEPRECATED, keep: KEEP }, called: { calls: 2, callers: 1 } },
    'deprecated',
    'sunset in 31 days, 1 caller',
  ],
];

describe('The verdict on what is called', () => itJudges(CALLED));
