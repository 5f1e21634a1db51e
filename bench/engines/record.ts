import type { UsageRecord } from 'koa-track-usage';
import { uuidv7 } from 'uuidv7';

/** Records such as an API makes. */
export function makeRecords(count: number): UsageRecord[] {
  return Array.from({ length: count }, makeRecord);
}

function makeRecord(_value: unknown, index: number): UsageRecord {
  return {
    id: uuidv7(),
    date: new Date(),
    durationMs: 1.234_567 + index,
    serverName: 'bench',
    method: 'GET',
    url: `http://127.0.0.1:3000/users/${index}?page=2`,
    path: `/users/${index}`,
    route: '/users/:id',
    query: { page: '2' },
    controller: 'UserController',
    action: 'one',
    params: { id: String(index) },
    status: 200,
    aborted: false,
    errorType: null,
    requestBytes: 0,
    responseBytes: 42,
    remoteAddr: '192.0.2.0',
    xForwardedFor: null,
    authorization: false,
    username: 'ada',
    userAgent: {
      browser: 'Firefox',
      version: '140.0',
      platform: 'Linux',
      language: 'en',
      string: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    },
    bot: false,
    ipInfo: null,
    visitor: null,
    trackVar: { plan: 'pro' },
    weight: 1,
  };
}
