import type { EndpointRegister, RegisteredEndpoint, WatchedDay } from '../../src/endpoint/register.js';
import type { UsageRecord, UsageRecordDraft } from '../../src/record/usage-record.js';
import { type ReportSource, summariesOf } from '../../src/report/report-source.js';
import type { UsageReader } from '../../src/storage/usage-reader.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { type FoldSettings, foldOnce } from '../../src/summary/fold.js';
import { makeRecord } from './records.js';
import { SUMMED, repeated } from './summarized.js';

const DAY_MS = 86_400_000;

/** The moment at which specs of reports ask: noon, so that the last day is half over. */
export const NOW = new Date('2026-06-30T12:00:00Z');

/** A moment some days before now. */
export function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * DAY_MS);
}

/** An endpoint that has been declared, tracked and watched since long. */
export function registered(fields: Partial<RegisteredEndpoint> = {}): RegisteredEndpoint {
  const { isDeclared = true, lastDeclared = NOW } = fields;
  return {
    service: 'spec',
    method: 'GET',
    route: '/users/:id',
    controller: 'UserController',
    action: 'one',
    tracked: true,
    sampleRate: 1,
    deprecation: null,
    recordsDays: null,
    keep: null,
    firstDeclared: daysAgo(300),
    lastDeclared: NOW,
    trackedSince: daysAgo(300),
    firstVersion: '1.0.0',
    lastVersion: '1.4.0',
    isDeclared: true,
    // The last instance was killed.
    goneSince: isDeclared ? null : new Date(lastDeclared.getTime() + 2 * 3_600_000),
    watchedDays: 90,
    lowestSampleRate: 1,
    skipped: {},
    ...fields,
  };
}

/** The days up to now on which a service was watched. */
export function watched(days: number, fields: Partial<WatchedDay> = {}): WatchedDay[] {
  return Array.from({ length: days }, (_, index) => ({
    service: 'spec',
    start: new Date(daysAgo(index).getTime() - DAY_MS / 2),
    instances: 2,
    unclosed: 0,
    asOf: new Date(Math.min(daysAgo(index).getTime() + DAY_MS / 2 - 1, NOW.getTime())),
    accepted: 1000,
    dropped: {},
    skipped: {},
    ...fields,
  }));
}

/** A register of some endpoints, of services that were watched for 180 days: a span of 90, and as long before. */
export function registerOf(...endpoints: readonly RegisteredEndpoint[]): EndpointRegister {
  const services = new Set(endpoints.map(({ service }) => service));
  const days = [...services].flatMap((service) => watched(180, { service }));
  return { endpoints, days, knownSince: null };
}

/** Where reports come from. */
export function sourceOf(reader: UsageReader, register: EndpointRegister | null, now = NOW): ReportSource {
  return {
    reader,
    ask: summariesOf(reader),
    readRegister: async () => register,
    now: () => now.getTime(),
    isReadOnly: false,
  };
}

/** A record of some days ago. */
export function call(days: number, fields: Partial<UsageRecordDraft> = {}): UsageRecord {
  return makeRecord({ date: daysAgo(days), ...fields });
}

/** What a storage keeps its summaries with. */
interface Summaries {
  readonly store: SummaryStore;
  readonly reader: Pick<UsageReader, 'streamUsage'>;
  settle(): Promise<void>;
}

/** How a storage's summaries are made. */
export function foldSettings({ store, reader }: Summaries, timeZone: string): FoldSettings {
  return { store, reader, timeZone, dimensions: SUMMED, now: () => Date.now() };
}

/** Folds all that can be folded of a storage. */
export async function foldAll(summaries: Summaries, timeZone = 'UTC'): Promise<void> {
  await summaries.settle();
  const settings = foldSettings(summaries, timeZone);
  await repeated(() => foldOnce(settings, new AbortController().signal));
}
