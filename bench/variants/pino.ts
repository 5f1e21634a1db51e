import { join } from 'node:path';
import pinoLogger from 'koa-pino-logger';
import { destination } from 'pino';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/** koa-pino-logger as its documentation sets it up, with a file in place of the standard output. */
export function start(): Promise<Variant> {
  return serve({ middleware: pinoLogger({}, destination(join(tempFolder(), 'requests.log'))) });
}
