import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import { PrinterStorage, StorageToken, trackUsage } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import { useContainer, useKoaServer } from 'routing-controllers';
import { Container } from 'typedi';
import { OrderController } from './orders.js';
import { UsageController } from './usage.js';
import { UserController } from './users.js';

const dbName = process.env['USAGE_DB'] ?? fileURLToPath(new URL('../usage.db', import.meta.url));

useContainer(Container);
Container.set(StorageToken, [
  await SqlStorage.connect({ driver: SqliteDriver, dbName }).catch(giveUp),
  new PrinterStorage(),
]);

const app = new Koa();
const usage = trackUsage({ serverName: 'quickstart' });
app.use(usage);
useKoaServer(app, {
  controllers: [UserController, OrderController, UsageController],
  authorizationChecker: () => false,
  development: false, // no stack traces in answers
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(`Listening on ${address}. Records go to ${dbName}. Try:`);
  console.log(`  curl ${address}/users/me`);
  console.log(`  curl ${address}/orders`);
  console.log(`  curl '${address}/usage?limit=10'`);
});

server.once('error', giveUp);

let stopping: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Not `once`: with `npm start`, Ctrl-C arrives twice, from the terminal and from npm.
  process.on(signal, () => {
    stopping ??= stop();
  });
}

async function stop(): Promise<void> {
  await usage.tracker.close({ server, timeoutMs: 5000 }); // answers what is under way, then stores what is queued
  const kept = usage.tracker.stats().storages.map(({ name, accepted, stored }) => {
    return `${stored} records stored by ${name}, ${accepted - stored} not`;
  });
  console.log(`Stopped: ${kept.join('; ')}.`);
}

function giveUp(error: Error): never {
  console.error(`Cannot start. ${error.message}`);
  process.exit(1);
}
