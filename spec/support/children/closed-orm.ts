/**
 * An application that closes its connection before the tracker: `closed-orm.js KIND PLACE used|unused`, where the kind is
 * `sqlite`, `postgresql`, `mariadb`, `mongodb`, or `mongodb-collection` for one without MikroORM.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { MikroORM } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { MongoDriver } from '@mikro-orm/mongodb';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import { MongoClient } from 'mongodb';
import * as mongo from '../../../src/backends/mongo/index.js';
import { SqlStorage, usageEntities } from '../../../src/backends/sql/index.js';
import { type UsageStorage, trackUsage } from '../../../src/index.js';

const DRIVERS = { sqlite: SqliteDriver, postgresql: PostgreSqlDriver, mariadb: MariaDbDriver } as const;

/** What an application closes, and the storage on it. */
interface Connection {
  readonly storage: UsageStorage;
  readonly use: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function connect(kind: string, place: string): Promise<Connection> {
  if (kind === 'mongodb-collection') {
    const client = new MongoClient(place);
    const collection = client.db().collection('usage');
    const storage = new mongo.MongoPiggybackStorage(collection);
    return { storage, use: () => collection.countDocuments(), close: () => client.close() };
  }
  if (kind === 'mongodb') {
    const orm = await MikroORM.init({ driver: MongoDriver, clientUrl: place, entities: [mongo.Usage] });
    const use = (): Promise<unknown> => orm.em.fork().getRepository(mongo.Usage).countUsage();
    return { storage: new mongo.MongoPiggybackStorage(orm), use, close: () => orm.close() };
  }
  const where = kind === 'sqlite' ? { dbName: place } : { clientUrl: place };
  const driver = DRIVERS[kind as keyof typeof DRIVERS] as typeof SqliteDriver;
  const orm = await MikroORM.init({ driver, ...where, entities: usageEntities() });
  return { storage: new SqlStorage(orm), use: () => orm.schema.update(), close: () => orm.close() };
}

const [, , kind = '', place = '', use] = process.argv;
const connection = await connect(kind, place);
const usage = trackUsage({
  storage: connection.storage,
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
if (use === 'used') await connection.use();
await (await fetch(`http://127.0.0.1:${port}/`)).text();
await connection.close();
const closed = await usage.tracker.close({ server, timeoutMs: 300 });
const { lastError } = usage.tracker.stats().storages[0] ?? {};
writeSync(1, JSON.stringify({ closed, lastError }));
