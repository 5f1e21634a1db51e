/** A script with a server that serves some requests and ends: `ending-script.js CONFIG`. */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { trackUsage } from '../../../src/index.js';
import { SQLITE_CLIENTS, connectSqlite } from '../sqlite.js';
import type { EndingConfig } from './child-config.js';
import { KeyedStorage } from './keyed-storage.js';

const config = JSON.parse(process.argv[2] ?? '{}') as EndingConfig;
const { database, mood, requests, how, client, trackers = 1, tracker = {} } = config;

const driver = SQLITE_CLIENTS.find(([title]) => title === client)?.[1];
const own = driver && (await connectSqlite(database, undefined, driver));
const storages = Array.from({ length: trackers }, () => new KeyedStorage(own ? ':memory:' : database, mood));
const usages = storages.map((storage) =>
  trackUsage({
    storage: own ?? storage,
    serverName: 'script',
    defaultPolicy: 'include',
    trackUnmatched: true,
    ...tracker,
  }),
);
const app = new Koa();
let turn = 0;
app.use((context, next) => usages[(turn += 1) % trackers]?.(context, next));
app.use((context) => {
  context.body = 'served';
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
for (let sent = 0; sent < requests; sent += 1) {
  await (await fetch(`http://127.0.0.1:${port}/${sent}`)).text();
}
let runs = 0;
process.on('beforeExit', () => {
  runs += 1;
});
process.on('exit', () => {
  const attempts = storages.map((storage) => storage.attempts);
  writeSync(1, JSON.stringify({ attempts, runs, stats: usages[0]?.tracker.stats() }));
});
server.closeAllConnections();
server.close();
await once(server, 'close');
if (how !== 'end' && tracker.spool !== undefined) {
  while (usages.some((usage) => usage.tracker.stats().queued > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
if (how === 'exit') process.exit(3);
if (how === 'throw') {
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
}
