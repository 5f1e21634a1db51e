/** A server whose actions were registered before its tracker was made: prints what was logged and recorded. */
import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { Get, HttpError, JsonController, useKoaServer } from 'routing-controllers';
import { TrackedController, trackUsage } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';

@TrackedController()
@JsonController('/late')
class LateController {
  @Get('/')
  list() {
    return [];
  }

  @Get('/fails')
  fails() {
    throw new HttpError(418);
  }
}

const inner = useKoaServer(new Koa(), { controllers: [LateController] });
const storage = new MemoryStorage();
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);
const usage = trackUsage({ storage, logger: { warn: log, error: log } });
const outer = new Koa();
outer.use(usage);
const answer = inner.callback();
outer.use((context) => {
  context.respond = false;
  return answer(context.req, context.res);
});
const server = outer.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const statuses: number[] = [];
for (const path of process.argv.slice(2)) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.text();
  statuses.push(response.status);
}
const health = usage.tracker.health();
server.closeAllConnections();
server.close();
await once(server, 'close');
await usage.tracker.close();
console.log(JSON.stringify({ lines, statuses, health, records: storage.records.length }));
