import type { UsageRecord } from 'koa-track-usage';
import { makeRecords } from './record.js';

const CONTROLLERS = [
  'UserController',
  'OrderController',
  'CartController',
  'StockController',
  'NewsController',
];
const ACTIONS = [
  ['GET', 'one', '/:id'],
  ['GET', 'all', ''],
  ['POST', 'create', ''],
  ['DELETE', 'remove', '/:id'],
] as const;
const ENDPOINTS = CONTROLLERS.flatMap((controller) =>
  ACTIONS.map(([method, action, end]) => ({
    method,
    route: `/${controller.toLowerCase()}${end}`,
    controller,
    action,
  })),
);
const BROWSERS = ['Chrome', 'Firefox', 'Safari', 'Edge', null];
const PLATFORMS = ['Windows', 'Linux', 'Android', 'iOS'];
const STATUSES = [200, 200, 200, 200, 200, 200, 201, 204, 304, 404, 422, 500];
const CALLERS = 100;
/** Actions that one user calls. */
const CALLED = 5;

/**
 * Records of a span of the past, evenly spread and the earliest first, as of an application with 20 actions and 100 users, of
 * whom some come often, and each calls a quarter of the actions.
 */
export function* pastRecords(
  count: number,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  batchRecords: number,
): IterableIterator<UsageRecord[]> {
  for (let made = 0; made < count; made += batchRecords) {
    const batch = makeRecords(Math.min(batchRecords, count - made));
    yield batch.map((record, index) =>
      varied(record, new Date(startMs + Math.floor(((made + index) / count) * (endMs - startMs)))),
    );
  }
}

function varied(record: UsageRecord, date: Date): UsageRecord {
  const caller = Math.floor(CALLERS * Math.random() ** 2);
  const endpoint = ENDPOINTS[(caller + Math.floor(CALLED * Math.random())) % ENDPOINTS.length];
  return {
    ...record,
    date,
    // Most are quick, and some take a hundred times as long.
    durationMs: 0.5 + 20 * Math.random() ** 4 - 5 * Math.log(1 - Math.random()),
    ...endpoint,
    status: one(STATUSES),
    responseBytes: Math.floor(Math.random() * 5000),
    username: `user${caller}`,
    userAgent: { ...record.userAgent, browser: one(BROWSERS), platform: one(PLATFORMS) },
  };
}

function one<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}
