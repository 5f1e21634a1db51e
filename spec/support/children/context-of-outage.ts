/** Fifty requests of an application whose storage is away: prints what became of their asynchronous contexts. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Koa from 'koa';
import { trackUsage } from '../../../src/index.js';
import { inOwnContext } from '../../../src/time/own-context.js';

/** What became of the contexts. */
export interface ContextReport {
  /** In which requests' contexts the storage was called; null stands for none. */
  readonly paths: readonly (string | null)[];
  readonly requests: number;
  /** Requests that were given up by the heap while their records waited. */
  readonly collected: number;
  /** Records that bear another request's user. */
  readonly wrong: number;
  /** What the library's own context holds of what was entered there. */
  readonly entered: string | null;
}

const REQUESTS = 50;
const app = new Koa({ asyncLocalStorage: true });
const currentPath = (): string | null => (app.currentContext?.['path'] as string | undefined) ?? null;
const paths = new Set<string | null>();
let wrong = 0;
let collected = 0;
const registry = new FinalizationRegistry(() => (collected += 1));
const usage = trackUsage({
  defaultPolicy: 'include',
  trackUnmatched: true,
  batch: { maxDelayMs: 1 },
  retry: { minDelayMs: 1, maxDelayMs: 1 },
  user: () => currentPath() ?? undefined,
  logger: { warn: () => {}, error: () => {} },
  storage: {
    name: 'away',
    async store(batch) {
      paths.add(currentPath());
      wrong = batch.filter(({ path, username }) => path !== username).length;
      throw new Error('away');
    },
  },
});
let arrived = 0;
const all = Promise.withResolvers<void>();
app.use(usage);
app.use(async (context) => {
  registry.register(context, null);
  arrived += 1;
  if (arrived === REQUESTS) all.resolve();
  await all.promise;
  context.body = 'ok';
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
await Promise.all(
  Array.from({ length: REQUESTS }, async (_, index) => {
    const response = await fetch(`http://127.0.0.1:${port}/user${index}`, {
      headers: { connection: 'close' },
    });
    await response.text();
  }),
);
const { tracker } = usage;
while (tracker.stats().accepted < REQUESTS || tracker.stats().retries < 3) await nextTurn();
for (let turn = 0; turn < 500; turn += 1) {
  if (collected === REQUESTS) break;
  globalThis.gc?.();
  await nextTurn();
}
const requests = tracker.stats().queued + tracker.stats().inFlight;
const entering = new AsyncLocalStorage<string>();
inOwnContext(() => entering.enterWith('entered'));
const entered = inOwnContext(() => entering.getStore() ?? null);
const report: ContextReport = { paths: [...paths], requests, collected, wrong, entered };
process.stdout.write(JSON.stringify(report));
server.close();
await tracker.close({ timeoutMs: 0 });
