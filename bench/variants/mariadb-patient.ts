import { MariaDbDriver } from '@mikro-orm/mariadb';
import { trackUsage } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { databaseUrl } from './database-url.js';

/** Tracked into MariaDB, where records wait until they are drained or fill a batch. */
export async function start(): Promise<Variant> {
  const storage = await SqlStorage.connect({ driver: MariaDbDriver, clientUrl: databaseUrl() });
  const batch = { maxDelayMs: 60_000 };
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include', batch });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
