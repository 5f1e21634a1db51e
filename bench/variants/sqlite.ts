import { join } from 'node:path';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { type TrackUsageOptions, type UsageTracker, trackUsage } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/**
 * Tracked into SQLite: the whole thing.
 *
 * @param drainInto - writes what waits into a file
 */
export async function start(
  options: TrackUsageOptions = {},
  drainInto = (_file: string, tracker: UsageTracker): Promise<void> => tracker.flush(),
): Promise<Variant> {
  const file = join(tempFolder(), 'usage.db');
  const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: file });
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include', ...options });
  return serve({ middleware, drain: () => drainInto(file, middleware.tracker) });
}
