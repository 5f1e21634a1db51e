import { RecordIds } from '../../src/record/record-id.js';
import { sealRecord, sealUserAgent } from '../../src/record/seal.js';
import type { UsageRecord, UsageRecordDraft } from '../../src/record/usage-record.js';

const ids = new RecordIds();

/** A record as the tracker makes them, with some fields of the spec's own. */
export function makeRecord(fields: Partial<UsageRecordDraft> = {}): UsageRecord {
  return sealRecord({
    id: ids.next(Date.now()),
    date: new Date('2026-03-01T12:00:00.123Z'),
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
    userAgent: sealUserAgent({
      browser: 'Firefox',
      version: '143.0',
      platform: 'Linux',
      language: 'de-CH',
      string: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
    }),
    bot: false,
    ipInfo: null,
    visitor: null,
    trackVar: null,
    weight: 1,
    ...fields,
    ...(fields.userAgent && { userAgent: sealUserAgent({ ...fields.userAgent }) }),
  });
}

/** Records of one second after another, the oldest first. */
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
