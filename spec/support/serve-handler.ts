import type { Middleware } from 'koa';
import type { TrackUsageOptions } from '../../src/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { type Served, serve } from './serve.js';

/** A server that tracks every request and answers all of them with one handler. */
export function serveHandler(handler: Middleware, tracker: TrackUsageOptions = {}): Promise<Served> {
  return serve({
    between: [handler],
    tracker: { defaultPolicy: 'include', trackUnmatched: true, ...tracker },
  });
}

/** The one record that there is. */
export async function onlyRecord(served: Served): Promise<UsageRecord> {
  const records = await served.records();
  const [record] = records;
  if (record === undefined || records.length > 1)
    throw new Error(`Expected one record, found ${records.length}.`);
  return record;
}
