import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { TrackerSettings } from '../options/tracker-options.js';
import { RecordIds } from '../record/record-id.js';
import { sealRecord } from '../record/seal.js';
import type { UsageRecord } from '../record/usage-record.js';
import { AddressTruncator } from './client-address.js';
import { ConnectionMemory } from './connection-memory.js';
import { basicUserName } from './credentials.js';
import type { Exchange } from './exchange.js';
import type { RecordSink } from './record-sink.js';
import { detachedValues, readTarget } from './request-target.js';
import type { Outcome } from './response-outcome.js';

/** The part of the settings that a record depends on. */
export type RecordSettings = Pick<TrackerSettings, 'clock' | 'serverName' | 'query' | 'user'>;

/** Makes the records of closed exchanges, and remembers what many of them share. */
export class RecordMaker {
  readonly #settings: RecordSettings;
  readonly #sink: RecordSink;
  readonly #addresses = new AddressTruncator();
  readonly #connections = new ConnectionMemory();
  readonly #ids = new RecordIds();

  /** @param sink - is told when an option's callback throws */
  constructor(settings: RecordSettings, sink: RecordSink) {
    this.#settings = settings;
    this.#sink = sink;
  }

  /**
   * Makes a record from what went out. One object, all of its fields in their final order.
   *
   * @param exchange - one that is concluded
   */
  make(exchange: Exchange): UsageRecord {
    const { context, attribution } = exchange;
    const outcome = exchange.outcome as Outcome;
    const { req } = context;
    const { clock, serverName, query } = this.#settings;
    const target = readTarget(context.originalUrl, query);
    const { software, origin } = this.#connections.read(context);
    return sealRecord({
      id: this.#ids.next(clock.now()),
      date: new Date(exchange.startedAtMs),
      durationMs: Math.round(exchange.durationMs * 1000) / 1000,
      serverName,
      method: req.method ?? '',
      url: origin + target.path + target.search,
      path: target.path,
      route: attribution?.route ?? null,
      query: target.query,
      controller: attribution?.controllerName ?? null,
      action: attribution?.actionName ?? null,
      params: exchange.params === null ? null : detachedValues(exchange.params, context.originalUrl),
      status: outcome.status,
      aborted: outcome.aborted,
      errorType: exchange.errorType ?? outcome.errorType,
      requestBytes: requestBodyBytes(req, exchange.requestBytes),
      responseBytes: responseBodyBytes(outcome, exchange),
      remoteAddr: this.#addresses.truncate(exchange.remoteAddress),
      xForwardedFor: null,
      authorization: req.headers.authorization !== undefined,
      username: this.#userName(context),
      userAgent: software.userAgent,
      bot: software.bot,
      ipInfo: null,
      visitor: null,
      trackVar: null,
      weight: 1,
    });
  }

  /** Who calls, as the application or the `Authorization` header says. */
  #userName(context: Context): string | null {
    const { user } = this.#settings;
    if (user === null) {
      const { authorization } = context.req.headers;
      return authorization === undefined ? null : basicUserName(authorization);
    }
    try {
      const name: unknown = user(context);
      if (name === undefined || name === null) return null;
      if (typeof name === 'string') return name;
      // Without a listener, a promise that rejects would end the process.
      Promise.resolve(name).catch(() => undefined);
      throw new TypeError(`it returned a value of type ${typeof name}; expected a string or undefined`);
    } catch (error) {
      this.#sink.fault("the option 'user'", error);
      return null;
    }
  }
}

/** What was written past the response's own methods cannot be told. */
function responseBodyBytes(outcome: Outcome, exchange: Exchange): number | null {
  if (!outcome.sentBody) return 0;
  return exchange.countsResponse && !outcome.bypassed ? exchange.responseBytes : null;
}

/** A body that arrived whole has the length that its header declared; of any other, what arrived is counted. */
function requestBodyBytes(request: IncomingMessage, counted: number): number {
  const declared = request.headers['content-length'];
  return request.complete && declared !== undefined ? Number(declared) : counted;
}
