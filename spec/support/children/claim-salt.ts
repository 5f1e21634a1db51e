/** A process of its own whose tracker tells visitors apart: `claim-salt.js FILE TIME`. It says who called it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Koa from 'koa';
import { trackUsage } from '../../../src/index.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { connectSqlite } from '../sqlite.js';

const [, , file = '', time = ''] = process.argv;
const sqlite = await connectSqlite(file);
const memory = new MemoryStorage();
// Its salts are asked for; the records are kept here, to be told.
const storage: UsageStorage = {
  name: 'both',
  salts: sqlite.salts,
  store: (batch, signal) => memory.store(batch, signal),
};
const clock = new ManualClock(new Date(time));
const usage = trackUsage({
  storage,
  clock,
  visitors: true,
  serverName: 'shop',
  defaultPolicy: 'include',
  trackUnmatched: true,
});
const app = new Koa();
app.use(usage);
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
await (await fetch(`http://127.0.0.1:${port}/`, { headers: { 'user-agent': 'the same' } })).text();
while (memory.records.length === 0) {
  void usage.tracker.flush();
  await clock.advance(5);
  await nextTurn();
}
process.stdout.write(String(memory.records[0]?.visitor));
server.closeAllConnections();
server.close();
void usage.tracker.close({ timeoutMs: 0 });
await clock.advance(1000);
await sqlite.close();
