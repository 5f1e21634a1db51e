import { RecordIds } from '../../record/record-id.js';
import { sealRecord, sealUserAgent } from '../../record/seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from '../../record/usage-record.js';

const ids = new RecordIds();

const USER_AGENT: UserAgent = {
  browser: 'Firefox',
  version: '143.0',
  platform: 'Linux',
  language: 'de-CH',
  string: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
};

/** What the records have that are made without fields of one's own. */
const FIELDS: Omit<UsageRecordDraft, 'id' | 'date'> = {
  durationMs: 12.345,
  serverName: 'spec',
  method: 'GET',
  url: 'http://127.0.0.1/users/7?page=2',
  path: '/users/7',
  route: '/users/:id',
  query: { page: '2' },
  controller: 'UserController',
  action: 'one',
  params: { id: '7' },
  status: 200,
  aborted: false,
  errorType: null,
  requestBytes: 0,
  responseBytes: 42,
  remoteAddr: '192.0.2.0',
  xForwardedFor: null,
  authorization: true,
  username: 'ada',
  userAgent: USER_AGENT,
  bot: false,
  ipInfo: null,
  visitor: null,
  trackVar: null,
  weight: 1,
};

/**
 * Makes a record as the tracker does, for tests: with an id of its own, cut and cleaned to every field's limits, and
 * frozen. Ids grow from record to record.
 *
 * @param fields - what it has in place of the defaults: a request of 2026-03-01T12:00:00.123Z
 */
export function makeRecord(fields: Partial<UsageRecordDraft> = {}): UsageRecord {
  return sealRecord({
    id: ids.next(Date.now()),
    date: new Date('2026-03-01T12:00:00.123Z'),
    ...FIELDS,
    ...fields,
    userAgent: sealUserAgent({ ...(fields.userAgent ?? USER_AGENT) }),
  });
}

/**
 * Makes records of one second after another, the oldest first.
 *
 * @param count - how many
 * @param fields - what each of them has
 */
export function makeRecords(count: number, fields: Partial<UsageRecordDraft> = {}): UsageRecord[] {
  const startMs = Date.parse('2026-03-01T12:00:00.000Z');
  return Array.from({ length: count }, (_, index) =>
    makeRecord({ date: new Date(startMs + index * 1000), ...fields }),
  );
}

/** The fields of text, those of the user agent aside. */
export const TEXT_FIELDS = [
  'serverName',
  'method',
  'url',
  'path',
  'route',
  'controller',
  'action',
  'errorType',
  'remoteAddr',
  'xForwardedFor',
  'username',
  'visitor',
] as const satisfies readonly (keyof UsageRecord)[];

/** A record with the same text in every field of text. */
export function withEveryText(text: string): UsageRecord {
  const fields = Object.fromEntries(TEXT_FIELDS.map((field) => [field, text])) as Partial<UsageRecordDraft>;
  return makeRecord({
    ...fields,
    userAgent: { browser: text, version: text, platform: text, language: text, string: text },
  });
}

/** The order in which records are read. */
export function newestFirst(a: UsageRecord, b: UsageRecord): number {
  return b.date.getTime() - a.date.getTime() || (a.id < b.id ? 1 : -1);
}
