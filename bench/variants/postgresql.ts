import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { type TrackUsageOptions, trackUsage } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { databaseUrl } from './database-url.js';

/** Tracked into PostgreSQL. */
export async function start(options: TrackUsageOptions = {}): Promise<Variant> {
  const storage = await SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: databaseUrl() });
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include', ...options });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
