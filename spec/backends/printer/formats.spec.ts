import { expect } from 'chai';
import type { UsageRecordDraft } from '../../../src/record/usage-record.js';
import { formatCombined, formatJson, formatText } from '../../../src/backends/printer/formats.js';
import { HOSTILE_JSON, HOSTILE_TEXTS } from '../../support/hostile-values.js';
import { makeRecord, withEveryText } from '../../support/records.js';

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0';
const NO_AGENT = { browser: null, version: null, platform: null, language: null, string: null };
const UNMATCHED = { route: null, controller: null, action: null, username: null } as const;

/** What a terminal would act upon or hide. */
const UNSAFE =
  /[\p{Cc}\u2028\u2029\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

type Case = [title: string, fields: Partial<UsageRecordDraft>, line: string];

describe('formatText', () => {
  const cases: Case[] = [
    ['a request', {}, '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  UserController.one  ada'],
    [
      'a request of nobody',
      { username: null },
      '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  UserController.one',
    ],
    [
      'an error',
      { status: 500, errorType: 'TypeError', username: null },
      '2026-03-01T12:00:00.123Z  GET /users/7  500  12.3 ms  UserController.one  TypeError',
    ],
    [
      'a client that left',
      { status: null, aborted: true },
      '2026-03-01T12:00:00.123Z  GET /users/7  - aborted  12.3 ms  UserController.one  ada',
    ],
    [
      'a plain route',
      { ...UNMATCHED, route: '/users/:id' },
      '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  /users/:id',
    ],
    [
      'a plain route that was given a name',
      { ...UNMATCHED, route: '/users/:id', action: 'user' },
      '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  user',
    ],
    ['no route', { ...UNMATCHED, status: 404 }, '2026-03-01T12:00:00.123Z  GET /users/7  404  12.3 ms  -'],
    [
      'no time at all',
      { durationMs: 0, username: null },
      '2026-03-01T12:00:00.123Z  GET /users/7  200  0.0 ms  UserController.one',
    ],
    [
      'control characters',
      { username: 'ada\n2026 GET /admin\u001b[2J\u009b1m\u202ecod.exe\u061c\u200b' },
      '2026-03-01T12:00:00.123Z  GET /users/7  200  12.3 ms  UserController.one  ' +
        String.raw`ada\x0a2026 GET /admin\x1b[2J\x9b1m\u202ecod.exe\u061c\u200b`,
    ],
  ];
  for (const [title, fields, line] of cases) {
    it(`prints ${title}`, () => expect(formatText(makeRecord(fields))).to.equal(line));
  }
});

describe('formatJson', () => {
  it('prints every field in the order of the record', () => {
    const record = makeRecord({ id: '019cabcd-0000-7000-8000-000000000000', username: 'a\u001b"\u202e' });
    expect(formatJson(record)).to.equal(
      '{"id":"019cabcd-0000-7000-8000-000000000000","date":"2026-03-01T12:00:00.123Z","durationMs":12.345,' +
        '"serverName":"spec","method":"GET","url":"http://127.0.0.1/users/7?page=2","path":"/users/7",' +
        '"route":"/users/:id","query":{"page":"2"},"controller":"UserController","action":"one",' +
        '"params":{"id":"7"},"status":200,"aborted":false,"errorType":null,"requestBytes":0,"responseBytes":42,' +
        String.raw`"remoteAddr":"192.0.2.0","xForwardedFor":null,"authorization":true,"username":"a\u001b\"\u202e",` +
        `"userAgent":{"browser":"Firefox","version":"143.0","platform":"Linux","language":"de-CH","string":"${AGENT}"},` +
        '"bot":false,"ipInfo":null,"visitor":null,"trackVar":null,"weight":1}',
    );
  });

  for (const [title, text] of HOSTILE_TEXTS) {
    it(`remains the same JSON on one safe line with ${title}`, () => {
      const record = withEveryText(text);
      const line = formatJson(record);
      expect(line).to.not.match(UNSAFE);
      expect(JSON.parse(line)).to.deep.equal({ ...record, date: record.date.toISOString() });
    });
  }

  for (const [title, json] of HOSTILE_JSON) {
    it(`remains the same JSON with ${title}`, () => {
      const record = makeRecord({ trackVar: json });
      expect((JSON.parse(formatJson(record)) as typeof record).trackVar).to.deep.equal(record.trackVar);
    });
  }
});

describe('formatCombined', () => {
  const cases: Case[] = [
    [
      'a request',
      {},
      `192.0.2.0 - ada [01/Mar/2026:12:00:00 +0000] "GET /users/7?page=2 HTTP/1.1" 200 42 "-" "${AGENT}"`,
    ],
    [
      'what is not known as readers take it',
      { ...UNMATCHED, query: null, remoteAddr: null, status: null, responseBytes: null, userAgent: NO_AGENT },
      '0.0.0.0 - - [01/Mar/2026:12:00:00 +0000] "GET /users/7 HTTP/1.1" 499 - "-" "-"',
    ],
    [
      'an empty body as a dash, like Apache',
      { responseBytes: 0, query: null },
      `192.0.2.0 - ada [01/Mar/2026:12:00:00 +0000] "GET /users/7 HTTP/1.1" 200 - "-" "${AGENT}"`,
    ],
    [
      'an empty user name as two quotes, like Apache',
      { username: '', query: null },
      `192.0.2.0 - "" [01/Mar/2026:12:00:00 +0000] "GET /users/7 HTTP/1.1" 200 42 "-" "${AGENT}"`,
    ],
    [
      'quotes, backslashes and controls escaped',
      {
        username: 'a "b" \\c [d]é',
        path: '/"\\\n',
        query: null,
        userAgent: { ...NO_AGENT, string: '" 200 1 "-" "\u001b' },
      },
      String.raw`192.0.2.0 - a\x20\x22b\x22\x20\x5Cc\x20\x5Bd\x5D\xC3\xA9 [01/Mar/2026:12:00:00 +0000] "GET /\"\\\x0a HTTP/1.1" 200 42 "-" "\" 200 1 \"-\" \"\x1b"`,
    ],
    [
      'the last millisecond of a year',
      { date: new Date('2026-12-31T23:59:59.999Z'), query: null },
      `192.0.2.0 - ada [31/Dec/2026:23:59:59 +0000] "GET /users/7 HTTP/1.1" 200 42 "-" "${AGENT}"`,
    ],
  ];
  for (const [title, fields, line] of cases) {
    it(`prints ${title}`, () => expect(formatCombined(makeRecord(fields))).to.equal(line));
  }

  /** The format as readers of logs know it: nine fields, those in quotes with escaped quotes. */
  const COMBINED =
    /^([^ ]+) - ([^ ]+) \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-) "-" "((?:[^"\\]|\\.)*)"$/;

  for (const [title, text] of HOSTILE_TEXTS) {
    it(`has its nine fields on one safe line with ${title} in user name and agent`, () => {
      const userAgent = { ...NO_AGENT, string: text };
      const line = formatCombined(makeRecord({ username: text, path: `/${text}`, userAgent }));
      expect(line).to.not.match(UNSAFE);
      const [, address, user, , request, status, bytes, agent] = COMBINED.exec(line) ?? [];
      expect([address, status, bytes]).to.deep.equal(['192.0.2.0', '200', '42']);
      expect(request).to.match(/^GET \/.* HTTP\/1\.1$/);
      expect(agent).to.not.equal(undefined);
      const decoded = user?.replaceAll(/(?:\\x[\dA-F]{2})+/g, (escaped) =>
        Buffer.from(escaped.replaceAll(String.raw`\x`, ''), 'hex').toString(),
      );
      expect(decoded === '""' ? '' : decoded).to.equal(makeRecord({ username: text }).username);
    });
  }
});
