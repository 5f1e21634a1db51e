import { trackUsage } from 'koa-track-usage';
import { MongoStorage } from 'koa-track-usage/mongo';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { databaseUrl } from './database-url.js';

/** Tracked into MongoDB. */
export async function start(): Promise<Variant> {
  const storage = await MongoStorage.connect({ clientUrl: databaseUrl() });
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include' });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
