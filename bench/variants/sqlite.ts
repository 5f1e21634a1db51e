import { join } from 'node:path';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { type TrackUsageOptions, trackUsage } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/** Tracked into SQLite: the whole thing. */
export async function start(options: TrackUsageOptions = {}): Promise<Variant> {
  const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: join(tempFolder(), 'usage.db') });
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include', ...options });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
