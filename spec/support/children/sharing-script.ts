/** A script whose two trackers have one storage, and are closed one after the other: `sharing-script.js DATABASE`. */
import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { trackUsage } from '../../../src/index.js';

const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: process.argv[2] ?? '' });
// No batch is due before a tracker is closed, however slow the machine is.
const batch = { maxDelayMs: 3_600_000 };
const policy = { defaultPolicy: 'include', trackUnmatched: true } as const;
const options = { storage, serverName: 'script', batch, ...policy };
const [first, second] = [trackUsage(options), trackUsage(options)];

const app = new Koa();
app.use((context, next) => (context.path === '/first' ? first : second)(context, next));
app.use((context) => {
  context.body = 'served';
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

await get('/first');
await get('/second');
const ofFirst = await first.tracker.close();
await get('/second');
const count = await storage.reader.countUsage();
const ofSecond = await second.tracker.close({ server });
const isClosed = await storage.reader.countUsage().then(
  () => false,
  ({ code }: { code: string }) => code === 'STORAGE_CLOSED',
);
console.log(
  JSON.stringify({ ofFirst, ofSecond, count, isClosed, lastError: second.tracker.stats().lastError }),
);
