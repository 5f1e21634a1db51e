import type { Context, Middleware } from 'koa';
import type { Clock } from '../clock.js';
import type { Policy } from '../metadata/policy.js';
import { type CarryingContext, EXCHANGE, Exchange, type ExchangeWatcher } from './exchange.js';
import { RecordMaker, type RecordSettings } from './record-maker.js';
import type { RecordSink } from './record-sink.js';

/** The part of the settings that capture depends on. */
export type CaptureSettings = RecordSettings & Policy;

/** Watches the requests of one tracker. */
export class Capture implements ExchangeWatcher {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly #maker: RecordMaker;
  readonly #sink: RecordSink;
  readonly #onRequest: (context: Context) => void;

  /**
   * @param sink - where records go
   * @param onRequest - called with every request before it is watched
   */
  constructor(settings: CaptureSettings, sink: RecordSink, onRequest: (context: Context) => void) {
    this.clock = settings.clock;
    this.policy = { defaultPolicy: settings.defaultPolicy, trackUnmatched: settings.trackUnmatched };
    this.#maker = new RecordMaker(settings, sink);
    this.#sink = sink;
    this.#onRequest = onRequest;
  }

  /** The Koa middleware. It adds no promise to the chain: what `next` returns is returned. */
  middleware(): Middleware {
    return (context, next) => {
      // A request is watched once, however often the middleware is mounted.
      if ((context as CarryingContext)[EXCHANGE] === undefined) this.#watch(context);
      return next();
    };
  }

  /** @inheritdoc */
  closed(exchange: Exchange): void {
    try {
      this.#sink.accept(this.#maker.make(exchange));
    } catch (error) {
      this.#sink.fault('making a record', error, true);
    }
  }

  #watch(context: Context): void {
    try {
      this.#onRequest(context);
      const exchange = new Exchange(context, this);
      (context as CarryingContext)[EXCHANGE] = exchange;
      exchange.open();
    } catch (error) {
      this.#sink.fault('watching a request', error, true);
    }
  }
}
