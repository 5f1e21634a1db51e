import { expect } from 'chai';
import type { EndpointRegister } from '../../src/endpoint/register.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { CallFigures } from '../../src/report/report.js';
import { makeRecord } from './records.js';
import type { ReportSource } from '../../src/report/report-source.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { NOW, daysAgo, foldAll, registerOf, registered, sourceOf } from './reports.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from './sqlite.js';

const MINUTE_MS = 60_000;

/** The moments that reports of 90 days are about, and those before. */
export const SPAN = { from: new Date('2026-04-02T00:00:00Z'), to: NOW };
export const BEFORE = { from: new Date('2026-01-02T00:00:00Z'), to: new Date('2026-04-01T12:00:00Z') };

const ENDPOINTS = [
  { serverName: 'shop', method: 'GET', route: '/orders/:id', controller: 'OrderController', action: 'one' },
  { serverName: 'shop', method: 'HEAD', route: '/orders/:id', controller: 'OrderController', action: 'one' },
  { serverName: 'shop', method: 'GET', route: '/orders/:id', controller: 'OrdersController', action: 'one' },
  { serverName: 'shop', method: 'PUT', route: '/basket', controller: 'BasketController', action: 'all' },
  { serverName: 'mail', method: 'GET', route: '/orders/:id', controller: 'MailController', action: 'one' },
  { serverName: 'shop', method: 'GET', route: '/old', controller: 'OldController', action: 'one' },
  { serverName: 'shop', method: 'GET', route: null, controller: null, action: null },
] as const;

/** Days before now on which there are records: each has to be folded. */
const DAYS = [0, 1, 2, 3, 9, 20, 38, 47, 65, 89, 93, 121, 170];

/** Records a day. */
const A_DAY = 36;

/** Records of half a year, some a day. All figures of them are exact in binary. */
export const RECORDS: readonly UsageRecord[] = Array.from({ length: A_DAY * DAYS.length }, (_, index) =>
  makeRecord({
    date: new Date(
      daysAgo(DAYS[Math.floor(index / A_DAY)] ?? 0).getTime() - 1 - (index % A_DAY) * 2 * MINUTE_MS,
    ),
    ...ENDPOINTS[index % ENDPOINTS.length],
    username: ['ada', 'bob', null, 'eve'][index % 4] as string | null,
    status: [200, 200, 404, 500, 204, null][index % 6] as number | null,
    bot: index % 9 === 0,
    aborted: index % 8 === 0,
    weight: index % 10 === 0 ? 2.5 : 1,
    durationMs: ((index * 7919) % 1000) + 0.5,
    requestBytes: index,
    responseBytes: index % 3 === 0 ? null : 100,
  }),
);

const DEPRECATION = { since: daysAgo(60), sunset: daysAgo(-31), replacement: '/v2', link: '/docs' };

/** What instances declare: an endpoint of each kind of verdict. */
export const REGISTER: EndpointRegister = registerOf(
  registered({ service: 'shop', route: '/orders/:id' }),
  registered({ service: 'shop', method: 'ALL', route: '/basket', action: 'all', deprecation: DEPRECATION }),
  registered({ service: 'shop', route: '/unused', action: 'unused' }),
  registered({
    service: 'shop',
    route: '/expired',
    action: 'expired',
    deprecation: { ...DEPRECATION, sunset: daysAgo(2) },
  }),
  registered({ service: 'shop', route: '/old', action: 'x', isDeclared: false, lastDeclared: daysAgo(40) }),
  registered({ service: 'mail', route: '/orders/:id', controller: 'MailController' }),
);

/** Which records are meant. */
export interface Meant {
  readonly from?: Date;
  readonly to?: Date;
  readonly of?: (record: UsageRecord) => boolean;
}

/** The records of a span, that of reports of 90 days unless told otherwise. */
export function pick({ from = SPAN.from, to = SPAN.to, of = () => true }: Meant = {}): UsageRecord[] {
  return RECORDS.filter((record) => record.date >= from && record.date < to && of(record));
}

/** Whether a record is of an endpoint. */
export function isOf(service: string, methods: readonly string[], route: string | null) {
  return (record: UsageRecord): boolean =>
    record.serverName === service && methods.includes(record.method) && record.route === route;
}

/** How many requests records stand for. */
export function count(records: readonly UsageRecord[]): number {
  return records.reduce((sum, { weight }) => sum + weight, 0);
}

/** The last date of records. */
export function lastOf(records: readonly UsageRecord[]): Date | null {
  return records.map(({ date }) => date).toSorted((one, other) => Number(other) - Number(one))[0] ?? null;
}

/** Expects figures to be those that records have when they are counted by hand. */
export function expectFigures(
  figures: CallFigures,
  records: readonly UsageRecord[],
  before: number | null,
): void {
  const { p50Ms, p95Ms, p99Ms, calls, clientErrors, serverErrors, bots, lastCall } = figures;
  const failed = (from: number): number =>
    count(records.filter(({ status }) => status !== null && status >= from && status < from + 100));
  expect({ calls, clientErrors, serverErrors, bots, lastCall, before: figures.before }).to.deep.equal({
    calls: count(records),
    clientErrors: failed(400),
    serverErrors: failed(500),
    bots: count(records.filter(({ bot }) => bot)),
    lastCall: lastOf(records),
    before,
  });
  expectPercentiles([p50Ms, p95Ms, p99Ms], records);
}

function expectPercentiles(told: readonly (number | null)[], records: readonly UsageRecord[]): void {
  const sorted = records.toSorted((one, other) => one.durationMs - other.durationMs);
  for (const [index, share] of [0.5, 0.95, 0.99].entries()) {
    const exact = percentileOf(sorted, share);
    if (exact === null) expect(told[index]).to.equal(null);
    else expect(told[index]).to.be.within(exact * 0.979, exact * 1.021);
  }
}

/** The shortest duration up to which a share of the requests is. */
function percentileOf(sorted: readonly UsageRecord[], share: number): number | null {
  let left = count(sorted) * share;
  for (const { durationMs, weight } of sorted) {
    left -= weight;
    if (left <= 0) return durationMs;
  }
  return null;
}

/** Which records are of these endpoints. */
export const ORDERS = isOf('shop', ['GET', 'HEAD'], '/orders/:id');
export const BASKET = isOf('shop', ['PUT'], '/basket');
export const OLD = isOf('shop', ['GET'], '/old');
export const MAIL = isOf('mail', ['GET'], '/orders/:id');

/** The calls in the span before. */
export const callsBefore = (of?: (record: UsageRecord) => boolean): number =>
  count(pick({ ...BEFORE, ...(of !== undefined && { of }) }));

/** A storage with all records, and what closes it. */
export type Open = () => Promise<{ readonly source: ReportSource; readonly close: () => Promise<void> }>;

/** Records in memory, which are counted one by one. */
export async function inMemory(): ReturnType<Open> {
  const storage = new MemoryStorage();
  await storage.store(RECORDS);
  return { source: sourceOf(storage, REGISTER), close: async () => {} };
}

/** Records in a file of SQLite, all of them folded. */
export async function inFoldedFile(): ReturnType<Open> {
  const folder: TemporaryFolder = await temporaryFolder();
  const storage = await connectSqlite(folder.file('usage.db'));
  await storage.store(RECORDS, new AbortController().signal);
  if (storage.summaries == null) throw new Error('There are no summaries.');
  await foldAll(storage.summaries);
  const close = async (): Promise<void> => {
    await storage.close();
    await folder.remove();
  };
  return { source: sourceOf(storage.reader, REGISTER), close };
}
