import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { PrinterStorage, trackUsage } from 'koa-track-usage';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/** Tracked into a file of JSON, where records wait until they are drained or fill a batch. */
export function start(): Promise<Variant> {
  const output = createWriteStream(join(tempFolder(), 'usage.jsonl'));
  const storage = new PrinterStorage({ output, format: 'json' });
  const batch = { maxDelayMs: 60_000 };
  const middleware = trackUsage({ storage, serverName: 'bench', defaultPolicy: 'include', batch });
  return serve({ middleware, drain: () => middleware.tracker.flush() });
}
