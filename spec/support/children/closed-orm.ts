/** An application that closes its MikroORM before the tracker: `closed-orm.js sqlite|postgresql|mariadb PLACE used|unused`. */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { MikroORM } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import { SqlStorage, Usage, UsageSalt } from '../../../src/backends/sql/index.js';
import { trackUsage } from '../../../src/index.js';

const [, , kind, place = '', use] = process.argv;
const entities = [Usage, UsageSalt];
const orm: MikroORM =
  kind === 'sqlite'
    ? await MikroORM.init({ driver: SqliteDriver, dbName: place, entities })
    : kind === 'mariadb'
      ? await MikroORM.init({ driver: MariaDbDriver, clientUrl: place, entities })
      : await MikroORM.init({ driver: PostgreSqlDriver, clientUrl: place, entities });
const usage = trackUsage({
  storage: new SqlStorage(orm),
  defaultPolicy: 'include',
  trackUnmatched: true,
  batch: { maxDelayMs: 3_600_000 },
  logger: { warn: () => {}, error: () => {} },
});
const app = new Koa().use(usage).use((context) => {
  context.body = 'served';
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
if (use === 'used') await orm.schema.update();
await (await fetch(`http://127.0.0.1:${port}/`)).text();
await orm.close();
const closed = await usage.tracker.close({ server, timeoutMs: 300 });
const { lastError } = usage.tracker.stats().storages[0] ?? {};
writeSync(1, JSON.stringify({ closed, lastError }));
