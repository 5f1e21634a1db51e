import type { AddressInfo } from 'node:net';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { PrinterStorage, StorageToken } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import { Container } from 'typedi';
import { type AppOptions, createApp } from './app.js';

/** Serves the application until a signal ends it, and stores the records in a file of SQLite. */
export async function serve(dbName: string, options: AppOptions = {}): Promise<void> {
  Container.set(StorageToken, [
    await SqlStorage.connect({ driver: SqliteDriver, dbName }).catch(giveUp),
    new PrinterStorage(),
  ]);
  const { app, usage } = createApp(options);

  const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    console.log(`Listening on ${address}. Records go to ${dbName}. Try:`);
    console.log(`  curl ${address}/users/me`);
    console.log(`  curl ${address}/orders`);
    console.log(`  curl '${address}/usage?limit=10'`);
    console.log(`Look at ${address}/admin/usage in a browser.`);
  });
  server.once('error', giveUp);

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await usage.tracker.close({ server, timeoutMs: 5000 }); // answers what is under way, then stores what is queued
    const kept = usage.tracker.stats().storages.map(({ name, accepted, stored }) => {
      return `${stored} records stored by ${name}, ${accepted - stored} not`;
    });
    console.log(`Stopped: ${kept.join('; ')}.`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Not `once`: with `npm start`, Ctrl-C arrives twice, from the terminal and from npm.
    process.on(signal, () => {
      stopping ??= stop();
    });
  }
}

function giveUp(error: Error): never {
  console.error(`Cannot start. ${error.message}`);
  process.exit(1);
}
