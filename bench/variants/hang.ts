import { trackUsage } from 'koa-track-usage';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';

/**
 * Tracked, with a storage that never answers. The queue fills, and then every record is dropped. There is nothing
 * to drain: `flush` would wait for the attempt's time limit.
 */
export function start(): Promise<Variant> {
  const middleware = trackUsage({
    storage: { name: 'hang', store: () => new Promise(() => {}) },
    serverName: 'bench',
    defaultPolicy: 'include',
    logger: { warn: () => {}, error: () => {} },
  });
  return serve({ middleware });
}
