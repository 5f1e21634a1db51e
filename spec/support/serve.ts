import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Middleware } from 'koa';
import { type RoutingControllersOptions, useContainer, useKoaServer } from 'routing-controllers';
import { Container } from 'typedi';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type TrackUsageOptions, type UsageMiddleware, trackUsage } from '../../src/index.js';
import { until } from './until.js';

/** What a spec's server is made of. */
export interface ServeOptions {
  /** Whether Koa keeps the current context (`app.currentContext`). */
  readonly asyncLocalStorage?: boolean;
  /** Controllers of routing-controllers; left out, it is not used at all. */
  readonly controllers?: RoutingControllersOptions['controllers'];
  /** Further options of routing-controllers. */
  readonly routing?: RoutingControllersOptions;
  /** Options of the tracker; the storage is a `MemoryStorage` unless one is given. */
  readonly tracker?: TrackUsageOptions;
  /** Adds middleware in front of the tracker's. */
  readonly before?: readonly Middleware[];
  /** Adds middleware between the tracker's and the controllers. */
  readonly between?: readonly Middleware[];
  /** Adds middleware behind the controllers. */
  readonly after?: readonly Middleware[];
}

/** A real Koa server on a free port of the loopback interface. */
export interface Served {
  readonly app: Koa;
  readonly server: Server;
  readonly port: number;
  readonly origin: string;
  readonly usage: UsageMiddleware;
  /** The tracker's storage, where the spec gave none. */
  readonly memory: MemoryStorage;
  /** What the application reported as errors. */
  readonly errors: unknown[];
  /** Waits until every response has closed and its record is stored, and returns the records. */
  records(): Promise<readonly UsageRecord[]>;
  /** Stops the server and the tracker. */
  close(): Promise<void>;
}

/** Starts a server as an application would. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  useContainer(Container, { fallbackOnErrors: true });
  const memory = new MemoryStorage();
  const usage = trackUsage({ storage: memory, serverName: 'spec', ...options.tracker });
  const app: Koa = new Koa({ asyncLocalStorage: options.asyncLocalStorage === true });
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  const open = countOpenResponses(app);
  for (const middleware of options.before ?? []) app.use(middleware);
  app.use(usage);
  for (const middleware of options.between ?? []) app.use(middleware);
  if (options.controllers) {
    useKoaServer(app, { development: false, ...options.routing, controllers: options.controllers as never });
  }
  for (const middleware of options.after ?? []) app.use(middleware);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    app,
    server,
    port,
    origin: `http://127.0.0.1:${port}`,
    usage,
    memory,
    errors,
    async records() {
      await until(() => open.count === 0, 'every response has closed');
      await usage.tracker.flush();
      return memory.records;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await usage.tracker.close({ timeoutMs: 100 });
    },
  };
}

function countOpenResponses(app: Koa): { count: number } {
  const open = { count: 0 };
  app.use((context, next) => {
    open.count += 1;
    context.res.on('close', () => {
      // Behind the tracker's own listener, which was added later.
      setImmediate(() => {
        open.count -= 1;
      });
    });
    return next();
  });
  return open;
}
