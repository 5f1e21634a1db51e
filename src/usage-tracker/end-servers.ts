import { Server as HttpServer, type ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Clock } from '../time/clock.js';
import { within } from '../time/within.js';

/** How often idle connections are closed, in milliseconds: a connection stays open when its response has ended. */
const LOOK_MS = 50;

/** Turns of the event loop in which the responses of a connection that was cut have closed, also over TLS and HTTP/2. */
const CUT_TURNS = 100;

/** The sessions of HTTP/2 that requests came by: no server tells its own, and that of Node 22 leaves them open. */
const sessionsOf = new WeakMap<object, Set<ServerHttp2Session>>();

/** Remembers by which session a request came. */
export function noteSession({ res }: Context): void {
  const session = (res as { readonly stream?: ServerHttp2Stream }).stream?.session as ServerHttp2Session;
  if (session === undefined) return;
  const sessions = sessionsOf.get(session.server) ?? new Set();
  if (sessions.has(session)) return;
  sessionsOf.set(session.server, sessions.add(session));
  session.once('close', () => sessions.delete(session));
}

/**
 * Takes no more connections, lets the requests under way end, and cuts those that have not ended in time. A connection that
 * was upgraded, such as that of a WebSocket, is no longer the server's, and stays.
 *
 * @param isIdle - says whether no request is known to be under way
 */
export async function endServers(
  servers: readonly Server[],
  isIdle: () => boolean,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  if (servers.length === 0) return;
  const closed = Promise.allSettled(servers.map(stopListening)).then(() => {});
  for (const server of servers) server.prependListener('request', makeLast);
  const endMs = clock.monotonic() + timeoutMs;
  let isClosed = false;
  for (let leftMs = timeoutMs; !isClosed && leftMs > 0; leftMs = endMs - clock.monotonic()) {
    for (const server of servers) closeIdle(server, isIdle());
    isClosed = await within(clock, Math.min(LOOK_MS, leftMs), closed);
  }
  if (!isClosed) servers.forEach(cut);
  for (let turn = 0; turn < CUT_TURNS && !isIdle(); turn += 1) await nextTurn();
  for (const server of servers) server.off('request', makeLast);
}

/** Resolves when the last connection is closed. */
function stopListening(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (server.listening) withoutClosingIdle(server as HttpServer, () => server.close(() => resolve()));
  // A server that is closed would tell its listeners again.
  else server.getConnections((_error, count) => (count > 0 ? server.once('close', resolve) : resolve()));
  return promise;
}

/** Node takes a connection for idle whose response is still being sent, and its `close` would cut that. */
function withoutClosingIdle(server: HttpServer, close: () => void): void {
  const closeIdleConnections = Reflect.get(server, 'closeIdleConnections');
  Object.assign(server, { closeIdleConnections: () => {} });
  close();
  Object.assign(server, { closeIdleConnections });
}

/** The servers of HTTP/2 lack the methods of those of HTTP/1, but have its connections if they speak that too. */
function closeIdle(server: Server, isIdle: boolean): void {
  if (isIdle) HttpServer.prototype.closeIdleConnections.call(server as HttpServer);
  for (const session of sessionsOf.get(server) ?? []) session.close();
}

function cut(server: Server): void {
  HttpServer.prototype.closeAllConnections.call(server as HttpServer);
  for (const session of sessionsOf.get(server) ?? []) session.destroy();
}

/** Lets a response end its connection, and say so. */
function makeLast(_request: unknown, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
