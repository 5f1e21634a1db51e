import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';

/** A real Koa server that has nothing but what the spec puts into it. */
export interface ServedBare {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts a server on a free port of the loopback interface. */
export async function serveBare(assemble: (app: Koa) => void): Promise<ServedBare> {
  const app = new Koa();
  app.silent = true;
  assemble(app);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
