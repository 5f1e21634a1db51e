import { expect } from 'chai';
import type { EndpointRegister, RegisteredEndpoint } from '../../src/endpoint/register.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import type { EndpointRow } from '../../src/report/report.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { call, daysAgo, foldAll, registerOf, registered, sourceOf } from '../support/reports.js';
import { SummarizedStorage } from '../support/summarized-storage.js';

interface Case {
  readonly title: string;
  readonly records?: readonly UsageRecord[];
  readonly register: EndpointRegister | null;
  /** The method and route, the verdict, the calls, and of some also what it seems to be renamed to and from. */
  readonly expected: readonly string[];
}

const GONE: Partial<RegisteredEndpoint> = { isDeclared: false, lastDeclared: daysAgo(10.5) };
const NEW: Partial<RegisteredEndpoint> = {
  firstDeclared: daysAgo(10.6),
  trackedSince: daysAgo(10.6),
  watchedDays: 11,
};

const CASES: readonly Case[] = [
  { title: 'nothing at all', register: null, expected: [] },
  {
    title: 'a register without a call',
    register: registerOf(registered()),
    expected: ['GET /users/:id unused 0'],
  },
  {
    title: 'calls that no register knows',
    records: [call(1), call(2)],
    register: null,
    expected: ['GET /users/:id used 2'],
  },
  {
    title: 'a class that was renamed',
    records: [call(50, { controller: 'OldController' }), call(1)],
    register: registerOf(registered()),
    expected: ['GET /users/:id used 2'],
  },
  {
    title: 'a template that was changed',
    records: [call(50, { route: '/v1/users/:id' }), call(1, { route: '/v2/users/:id' })],
    register: registerOf(
      registered({ ...GONE, route: '/v1/users/:id', action: 'a' }),
      registered({ ...NEW, route: '/v2/users/:id', action: 'b' }),
    ),
    expected: ['GET /v2/users/:id used 1 < /v1/users/:id', 'GET /v1/users/:id gone 1 > /v2/users/:id'],
  },
  {
    title: 'an action whose template was changed altogether',
    register: registerOf(
      registered({ ...GONE, route: '/old' }),
      registered({ ...NEW, route: '/people/of/:place' }),
    ),
    expected: ['GET /people/of/:place too-young 0 < /old', 'GET /old gone 0 > /people/of/:place'],
  },
  {
    title: 'an action whose method was changed',
    register: registerOf(registered({ ...GONE, method: 'PUT' }), registered({ ...NEW, method: 'PATCH' })),
    expected: ['PATCH /users/:id too-young 0 < PUT /users/:id', 'PUT /users/:id gone 0 > PATCH /users/:id'],
  },
  {
    title: 'a template like another that came a month later',
    register: registerOf(
      registered({ ...GONE, lastDeclared: daysAgo(50), route: '/v1/users', action: 'a' }),
      registered({ ...NEW, route: '/v2/users', action: 'b' }),
    ),
    expected: ['GET /v2/users too-young 0', 'GET /v1/users gone 0'],
  },
  {
    title: 'one action with two routes, of which one went',
    records: [call(1, { route: '/b' })],
    register: registerOf(registered({ ...GONE, route: '/a' }), registered({ route: '/b' })),
    expected: ['GET /b used 1', 'GET /a gone 0'],
  },
  {
    title: 'one action with two routes',
    records: [call(1, { route: '/b' })],
    register: registerOf(registered({ route: '/a' }), registered({ route: '/b' })),
    expected: ['GET /a unused 0', 'GET /b used 1'],
  },
  {
    title: 'two services with one path',
    records: [call(1, { serverName: 'shop' })],
    register: registerOf(registered({ service: 'mail' }), registered({ service: 'shop' })),
    expected: ['GET /users/:id unused 0', 'GET /users/:id used 1'],
  },
  {
    title: 'requests by HEAD, which are of the endpoint for GET',
    records: [call(1, { method: 'HEAD' }), call(2)],
    register: registerOf(registered()),
    expected: ['GET /users/:id used 2'],
  },
  {
    title: 'requests by HEAD where that is declared',
    records: [call(1, { method: 'HEAD' })],
    register: registerOf(registered(), registered({ method: 'HEAD' })),
    expected: ['GET /users/:id unused 0', 'HEAD /users/:id used 1'],
  },
  {
    title: 'requests by HEAD that no register knows',
    records: [call(1, { method: 'HEAD' })],
    register: null,
    expected: ['GET /users/:id used 1'],
  },
  {
    title: 'a declaration of all methods',
    records: [call(1, { method: 'PUT' }), call(2, { method: 'HEAD' }), call(3, { method: 'PURGE' })],
    register: registerOf(registered({ method: 'ALL' })),
    expected: ['ALL /users/:id used 3'],
  },
  {
    title: 'a declaration of all methods beside one of a single method',
    records: [call(1, { method: 'GET' }), call(2, { method: 'HEAD' }), call(3, { method: 'PUT' })],
    register: registerOf(registered({ method: 'ALL' }), registered()),
    expected: ['ALL /users/:id used 1', 'GET /users/:id used 2'],
  },
  {
    title: 'a declaration of all methods that was there before a single one went',
    records: [call(1)],
    register: registerOf(registered({ method: 'ALL' }), registered(GONE)),
    expected: ['ALL /users/:id used 1', 'GET /users/:id gone 0'],
  },
  {
    title: 'versions that roll, of which one declares it already',
    register: registerOf(
      registered({ ...NEW, lastDeclared: daysAgo(0.01), lastVersion: '2.0.0' }),
      registered({ route: '/b' }),
    ),
    expected: ['GET /b unused 0', 'GET /users/:id too-young 0'],
  },
  {
    title: 'a deploy that took it away',
    records: [call(11), call(20)],
    register: registerOf(registered(GONE)),
    expected: ['GET /users/:id gone 2'],
  },
  {
    title: 'a call just after the last sign of life of who declared it',
    records: [call(10.45)],
    register: registerOf(registered(GONE)),
    expected: ['GET /users/:id gone 1'],
  },
  {
    title: 'a call just after who declared it closed',
    records: [call(10.55), call(10.45, { status: 404 })],
    register: registerOf(registered({ ...GONE, goneSince: daysAgo(10.5) })),
    expected: ['GET /users/:id gone-still-called 2'],
  },
  {
    title: 'calls since a deploy took it away',
    records: [call(11), call(3, { status: 404 }), call(2, { status: 404 })],
    register: registerOf(registered(GONE)),
    expected: ['GET /users/:id gone-still-called 3'],
  },
  {
    title: 'calls of what went before the span',
    records: [call(3, { status: 404 })],
    register: registerOf(registered({ ...GONE, lastDeclared: daysAgo(120) })),
    expected: ['GET /users/:id gone-still-called 1'],
  },
  {
    title: 'a deploy that brought it back',
    records: [call(80)],
    register: registerOf(registered({ trackedSince: daysAgo(12), watchedDays: 60 })),
    expected: ['GET /users/:id used 1'],
  },
  {
    title: 'a call a moment ago, by a clock that is ahead',
    records: [call(-0.2)],
    register: registerOf(registered()),
    expected: ['GET /users/:id used 1'],
  },
  {
    title: 'a call at the beginning of the first day',
    records: [call(0, { date: new Date('2026-04-02T00:00:00.000Z') })],
    register: registerOf(registered()),
    expected: ['GET /users/:id used 1'],
  },
  {
    title: 'a call just before the first day',
    records: [call(0, { date: new Date('2026-04-01T23:59:59.999Z') })],
    register: registerOf(registered()),
    expected: ['GET /users/:id unused 0'],
  },
  {
    title: 'requests that matched no route',
    records: [call(1, { route: null, controller: null, action: null, status: 404 })],
    register: registerOf(registered()),
    expected: ['GET /users/:id unused 0'],
  },
  {
    title: 'a call in the span before, of what no build declares',
    records: [call(100)],
    register: registerOf(registered({ route: '/b' })),
    expected: ['GET /b unused 0', 'GET /users/:id unwatched 0'],
  },
  {
    title: 'a reason to keep it',
    register: registerOf(registered({ keep: 'runs at the end of the year' })),
    expected: ['GET /users/:id kept 0'],
  },
  {
    title: 'what is deprecated',
    records: [call(1)],
    register: registerOf(
      registered({ deprecation: { since: daysAgo(9), sunset: null, replacement: null, link: null } }),
    ),
    expected: ['GET /users/:id deprecated 1'],
  },
];

function show({ method, route, verdict, calls, renamedTo, renamedFrom }: EndpointRow): string {
  const to = renamedTo === null ? '' : ` > ${renamedTo}`;
  return `${method} ${route} ${verdict} ${calls}${to}${renamedFrom === null ? '' : ` < ${renamedFrom}`}`;
}

describe('endpointsReport', () => {
  for (const { title, records = [], register, expected } of CASES) {
    it(`tells of ${title}, by records and by summaries alike`, async () => {
      const [memory, folded] = [new MemoryStorage(), new SummarizedStorage()];
      for (const storage of [memory, folded]) if (records.length > 0) await storage.store(records);
      await foldAll(folded.summaries);
      const report = await endpointsReport(sourceOf(memory, register));
      expect(report.endpoints.map(show)).to.deep.equal(expected);
      expect(await endpointsReport(sourceOf(folded, register))).to.deep.equal(report);
      if (records.length > 0) expect((await folded.getSummary({ by: 'endpoint' })).folded).to.be.above(0);
    });
  }
});
