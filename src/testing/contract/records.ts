import { BLANK, USER_AGENT_PARTS, fieldsOf } from '../../record/fields.js';
import { RecordIds } from '../../record/record-id.js';
import { sealRecord, sealUserAgent } from '../../record/seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';

const ids = new RecordIds();

const USER_AGENT: UserAgent = {
  browser: 'Firefox',
  version: '143.0',
  platform: 'Linux',
  language: 'de-CH',
  string: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
};

/** The fields of a record for which no others are given. */
const DEFAULTS: UsageRecordDraft = {
  ...BLANK,
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
  requestBytes: 0,
  responseBytes: 42,
  remoteAddr: '192.0.2.0',
  authorization: true,
  username: 'ada',
  userAgent: USER_AGENT,
};

/**
 * Makes a record as the tracker does, for tests: with an id of its own, cut and cleaned to every field's limits, and
 * frozen. Ids grow from record to record, and no id is older than its record's date.
 *
 * @param fields - its fields; all others are those of one request of 2026-03-01T12:00:00.123Z
 */
export function makeRecord(fields: Partial<UsageRecordDraft> = {}): UsageRecord {
  return sealRecord({
    ...DEFAULTS,
    id: ids.next(Math.max(Date.now(), fields.date?.getTime() ?? 0)),
    ...fields,
    userAgent: sealUserAgent({ ...(fields.userAgent ?? USER_AGENT) }),
  });
}

/**
 * Makes records of one second after another, the oldest first.
 *
 * @param count - how many
 * @param fields - the fields of each record
 */
export function makeRecords(count: number, fields: Partial<UsageRecordDraft> = {}): UsageRecord[] {
  const startMs = Date.parse('2026-03-01T12:00:00.000Z');
  return Array.from({ length: count }, (_, index) =>
    makeRecord({ date: new Date(startMs + index * 1000), ...fields }),
  );
}

/** A moment that checks tell their dates from. */
export const NOON = new Date('2026-03-01T12:00:00.500Z');

/** A moment that is so many milliseconds from noon. */
export function at(offsetMs: number): Date {
  return new Date(NOON.getTime() + offsetMs);
}

/** Records at these milliseconds from noon. */
export function recordsAt(
  offsetsMs: readonly number[],
  fields: Partial<UsageRecordDraft> = {},
): UsageRecord[] {
  return offsetsMs.map((offsetMs) => makeRecord({ ...fields, date: at(offsetMs) }));
}

/** The fields of text, those of the user agent aside. */
export const TEXT_FIELDS = fieldsOf('text');

/** A record with the same text in every field of text. */
export function withEveryText(text: string): UsageRecord {
  const fields = Object.fromEntries(TEXT_FIELDS.map((field) => [field, text]));
  const parts = Object.keys(USER_AGENT_PARTS).map((part) => [part, text]);
  return makeRecord({ ...fields, userAgent: Object.fromEntries(parts) as UserAgent });
}

/** The order in which records are read, for `toSorted`. */
export function newestFirst(a: UsagePosition, b: UsagePosition): number {
  if (a.id === b.id) return 0;
  return b.date.getTime() - a.date.getTime() || (a.id < b.id ? 1 : -1);
}
