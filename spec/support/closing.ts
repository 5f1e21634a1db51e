import { once } from 'node:events';
import { type Server as HttpServer, createServer } from 'node:http';
import {
  type ClientHttp2Session,
  type Http2Server,
  createServer as createHttp2Server,
  createSecureServer,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import Koa, { type Context, type Middleware } from 'koa';
import {
  type CloseResult,
  type TrackUsageOptions,
  type UsageMiddleware,
  trackUsage,
} from '../../src/index.js';
import { ManualClock, MemoryStorage } from '../../src/testing/index.js';
import { KeepingLogger } from './crash-watch.js';
import { until } from './until.js';

/** A shared key in place of a certificate. */
const KEY = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');

const TLS = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** What a client needs to talk to the servers of TLS. */
export const CLIENT_TLS = {
  ...TLS,
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: KEY, identity: 'spec' }),
};

const SERVER_TLS = { ...TLS, pskCallback: () => KEY };

/** The kinds of servers that Node has. */
export const SERVERS = {
  'HTTP/1.1': () => createServer(),
  HTTPS: () => createHttpsServer(SERVER_TLS),
  'HTTP/2': () => createHttp2Server(),
  'HTTP/2 over TLS': () => createSecureServer(SERVER_TLS),
  'HTTP/2 and HTTP/1.1 over TLS': () => createSecureServer({ ...SERVER_TLS, allowHTTP1: true }),
} satisfies Record<string, () => HttpServer | Http2Server | Server>;

/** Ends a request under way, as soon as the spec says so. */
export class Gate {
  readonly waiting: (() => void)[] = [];

  /** Answers `/slow` when the gate opens, `/endless` never, `/events` with a stream that never ends, anything else at once. */
  readonly handler = async (ctx: Context): Promise<void> => {
    if (ctx.path === '/slow') await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (ctx.path === '/endless') await new Promise(() => {});
    if (ctx.path === '/events') {
      ctx.respond = false;
      ctx.res.writeHead(200, { 'content-type': 'text/event-stream' });
      ctx.res.write('data: 1\n\n');
      return;
    }
    ctx.body = `answer to ${ctx.path}`;
  };

  open(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** A tracker that has a server, and a clock that stands still. */
export interface Closing {
  readonly server: HttpServer;
  readonly port: number;
  readonly usage: UsageMiddleware;
  readonly memory: MemoryStorage;
  readonly clock: ManualClock;
  readonly lines: readonly string[];
  /** Requests that the handler has been given, by path. */
  readonly begun: string[];
  /** Closes the tracker while time goes by, and says how much did. */
  close(
    options: Parameters<UsageMiddleware['tracker']['close']>[0],
  ): Promise<CloseResult & { tookMs: number }>;
  /** Ends what is left, also the server of a tracker that was closed without it. */
  stop(): Promise<void>;
}

/** Starts a server whose requests are all tracked. */
export async function startClosing(
  makeServer: () => Server,
  handler: Middleware,
  options: TrackUsageOptions = {},
): Promise<Closing> {
  const memory = new MemoryStorage();
  const clock = new ManualClock();
  const logger = new KeepingLogger();
  const tracked = { defaultPolicy: 'include', trackUnmatched: true, serverName: 'spec' } as const;
  const usage = trackUsage({ storage: memory, clock, logger, ...tracked, ...options });
  const begun: string[] = [];
  const app = new Koa();
  app.silent = true;
  app.use(usage);
  app.use((ctx, next) => {
    begun.push(ctx.path);
    return next();
  });
  app.use(handler);
  const callback = app.callback();
  const server = makeServer() as HttpServer;
  server.on('request', (request, response) => void callback(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    usage,
    memory,
    clock,
    lines: logger.lines,
    begun,
    close: (how) => timed(clock, usage.tracker.close(how)),
    async stop() {
      await timed(clock, usage.tracker.close({ server, timeoutMs: 100 }));
      server.close();
    },
  };
}

/** Lets time go by until a promise resolves. */
async function timed<Result extends object>(
  clock: ManualClock,
  promise: Promise<Result>,
): Promise<Result & { tookMs: number }> {
  const startMs = clock.monotonic();
  let isOver = false;
  const ended = promise
    .then((result) => ({ ...result, tookMs: clock.monotonic() - startMs }))
    .finally(() => (isOver = true));
  await until(async () => {
    if (!isOver) await clock.advance(10);
    return isOver;
  }, 'the promise is settled');
  return ended;
}

/** Waits until a session of HTTP/2 is closed. */
export async function sessionClosed(session: ClientHttp2Session): Promise<void> {
  await until(() => session.closed || session.destroyed, 'the session is closed');
}
