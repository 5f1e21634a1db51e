import { type TrackUsageOptions, trackUsage } from 'koa-track-usage';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';

/** Tracked, with a storage that throws records away: the price of record and queue. */
export function start(options: TrackUsageOptions = {}): Promise<Variant> {
  const middleware = trackUsage({
    storage: { name: 'noop', store: async (batch) => ({ stored: batch.length, refused: [] }) },
    serverName: 'bench',
    defaultPolicy: 'include',
    ...options,
  });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
