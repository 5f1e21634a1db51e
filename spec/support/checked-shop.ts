import { Router } from '@koa/router';
import { Get, InternalServerError, JsonController, Post } from 'routing-controllers';
import { Tracked, TrackedController, Untracked, tracked } from '../../src/index.js';
import { readRegister } from '../../src/endpoint/read-register.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type Served, serve } from './serve.js';
import { connectSqlite } from './sqlite.js';
import { until } from './until.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;

/** Hours that the shop was watched. */
const HOURS = 49;

/** A reason to keep an endpoint, which would be a command of GitHub's, markup, and XML. */
export const HOSTILE_REASON = '::error title=x::y%0A##[error]z]]> <b>"&\' | , `';

@JsonController()
@TrackedController()
class ShopController {
  @Get('/items') items(): object {
    return [];
  }
  @Get('/items/:id') item(): object {
    return {};
  }
  @Post('/items') add(): never {
    throw new InternalServerError('broken');
  }
  @Get('/dead') dead(): object {
    return {};
  }
  @Untracked() @Get('/health') health(): string {
    return 'ok';
  }
  @Tracked({ keep: HOSTILE_REASON }) @Get('/yearly') yearly(): object {
    return {};
  }
  @Tracked({ sampleRate: 0.5 }) @Get('/sampled') sampled(): object {
    return {};
  }
}

/** A shop that has run for two days, and was called; its records and its register are in a file of SQLite. */
export interface CheckedShop {
  /** The end of what was watched. */
  readonly clock: ManualClock;
  /** Its routes, as a build tells them. */
  readonly routes: readonly {
    method: string;
    route: string;
    controller: string | null;
    action: string | null;
  }[];
}

/**
 * Has a shop run.
 *
 * @param file - where the database is made
 * @param controllers - what it has
 * @param paths - what it is asked for by `ada`
 */
export async function runShop(
  file: string,
  controllers: readonly Function[] = [ShopController],
  paths: readonly string[] = ['/api/items', '/api/items/1', '/api/items/2', '/plain'],
): Promise<CheckedShop> {
  const memory = new MemoryStorage();
  const clock = new ManualClock(new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOURS * HOUR_MS));
  const router = new Router().get('/plain', tracked(), (context) => void (context.body = 'plain'));
  const served = await serve({
    controllers: [...controllers] as never,
    routing: { routePrefix: '/api', defaultErrorHandler: false },
    tracker: { storage: memory, clock, serverName: 'shop', version: '1.0.0' },
    between: [router.routes() as never],
  });
  for (const path of paths) await ask(served, path);
  await ask(served, '/api/items', 'POST');
  await served.records();
  for (let hour = 0; hour < HOURS; hour += 1) await clock.advance(HOUR_MS);
  const read = () => readRegister(memory.register, { startMs: 0, endMs: clock.now() }, signal);
  await until(async () => (await read()).days.length >= 3, 'the days are registered');
  const { endpoints } = await read();
  await served.close();
  await keep(memory, file);
  return {
    clock,
    routes: endpoints.map(({ method, route, controller, action }) => ({ method, route, controller, action })),
  };
}

/** Copies all to a file: its writer's time is not that of the clock, by which two days pass in no time. */
async function keep({ records, register }: MemoryStorage, file: string): Promise<void> {
  const storage = await connectSqlite(file);
  await storage.store(records, signal);
  await storage.register?.prepare(true, signal);
  await storage.register?.insert(await register.find({}, signal), signal);
  await storage.close();
}

async function ask({ origin }: Served, path: string, method = 'GET'): Promise<void> {
  const authorization = `Basic ${Buffer.from('ada:x').toString('base64')}`;
  await (await fetch(origin + path, { method, headers: { authorization } })).text();
}
