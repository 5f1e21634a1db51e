import type Application from 'koa';
import type { Context, Middleware } from 'koa';
import type { Clock } from '../time/clock.js';
import type { Policy } from '../metadata/policy.js';
import { callIn, inOwnContext } from '../time/own-context.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import type { Attribution } from './exchange/attribution.js';
import { Exchange, type ExchangeWatcher, exchangeOf, hasReachedController } from './exchange/exchange.js';
import { MountPaths } from './exchange/mounts.js';
import { ClientAddresses } from './client/address/client-address.js';
import type { DailySalts } from './client/visitor/daily-salts.js';
import { EffectivePolicies, type EffectivePolicy } from './making/effective-policy.js';
import type { LocatorStats } from './client/location/address-locator.js';
import { Gate, type SkipCounts, type SkippedEndpoint } from './making/gate.js';
import { type Incomplete, LateDetails, type LateSettings } from './making/late-details.js';
import { type DeclaredRoutes, declaredRoutes } from './attribution/declared-routes.js';
import { hasNamesake, noteApplication } from './attribution/known-actions.js';
import { DraftMaker, type DraftSettings } from './making/draft-maker.js';
import { RecordSealer } from './making/record-sealer.js';
import type { RecordSink } from './record-sink.js';
import { GoneRoutes } from './unanswered/gone-routes.js';
import { NO_CANDIDATES, candidatesFor, isForUntracked } from './unanswered/unanswered.js';
import { type Finish, WaitingRoom } from './making/waiting-room.js';

/** The part of the settings that capture depends on. */
export type CaptureSettings = DraftSettings & Policy & LateSettings & Pick<TrackerSettings, 'queue'>;

const DISREGARDED = 'another tracker watches these requests. Give one tracker a list of storages instead.';

const MOUNTED_BEHIND =
  'the middleware runs behind the controllers. Call app.use(trackUsage()) before useKoaServer(app); in place of ' +
  'createKoaServer(options), write useKoaServer(new Koa().use(trackUsage()), options).';

const NO_RESPONSE =
  'the middleware was called for a request without a response, such as a WebSocket of koa-websocket; it is not recorded. Use ' +
  'app.use(usage), and not app.ws.use(usage).';

/** The middleware of all trackers. */
const middlewares = new WeakSet<Middleware>();

/** Watches the requests of one tracker. */
export class Capture implements ExchangeWatcher {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly hasCallbacks: boolean;
  /** Watched requests whose responses have not closed. */
  underWay = 0;
  readonly mountPaths = new MountPaths();
  /** What is gone, and still told apart. */
  readonly gone = new GoneRoutes();
  /** The Koa middleware. */
  readonly middleware: Middleware;
  readonly #policies: EffectivePolicies;
  readonly #gate: Gate;
  readonly #maker: DraftMaker;
  readonly #sealer: RecordSealer;
  readonly #details: LateDetails;
  readonly #waiting: WaitingRoom;
  readonly #skipsBots: boolean;
  readonly #sink: RecordSink;
  readonly #onRequest: (context: Context) => void;
  /** The kinds of warnings that have been given. */
  readonly #warned = new Set<string>();
  /** The application that was requested last. */
  #app: Application | null = null;
  /** The exchanges that have closed in this turn of the event loop. */
  #closed: Exchange[] = [];
  readonly #recordClosed = (): void => {
    const closed = this.#closed;
    this.#closed = [];
    for (const exchange of closed) this.#record(exchange);
  };

  readonly #finish: Finish = (draft, asyncContext, lack) => {
    try {
      if (lack !== null) this.#details.countLack(lack);
      this.#sink.accept(callIn(asyncContext, this.#sealer.seal, draft));
    } catch (error) {
      this.#sink.lost('making a record', error);
    }
  };

  /**
   * @param sink - where records go
   * @param salts - the salts of visitors' pseudonyms; null without the option `visitors`
   * @param onRequest - called at every request, before it is watched
   */
  constructor(
    settings: CaptureSettings,
    sink: RecordSink,
    salts: DailySalts | null,
    onRequest: (context: Context) => void,
  ) {
    this.clock = settings.clock;
    this.policy = { defaultPolicy: settings.defaultPolicy, trackUnmatched: settings.trackUnmatched };
    this.hasCallbacks = hasCallbacks(settings);
    this.#policies = new EffectivePolicies(settings);
    this.#gate = new Gate(settings, sink);
    const addresses = new ClientAddresses(settings, (error) => sink.fault("the option 'trustProxy'", error));
    this.#maker = new DraftMaker(settings, addresses);
    this.#sealer = new RecordSealer(settings, sink);
    this.#details = new LateDetails(settings, addresses, sink, salts);
    this.#waiting = new WaitingRoom(settings.clock, settings.queue.maxRecords, this.#finish);
    this.#skipsBots = settings.bots === 'skip';
    this.#sink = sink;
    this.#onRequest = onRequest;
    this.middleware = this.#middleware();
    middlewares.add(this.middleware);
  }

  /** Tracked requests that were not recorded, as configured. */
  get skipped(): SkipCounts {
    return this.#gate.skipped;
  }

  /** These requests by endpoint, where an action or a route was to answer. */
  get skippedEndpoints(): readonly SkippedEndpoint[] {
    return this.#gate.skippedEndpoints;
  }

  /**
   * The routes that this tracker watches. An application that another tracker's middleware stands in, and this one's does not, is the
   * other's; of any other, such as one that is mounted, that cannot be told before its first request.
   */
  declaredRoutes(): DeclaredRoutes {
    return declaredRoutes(this.mountPaths, ({ middleware }) => {
      const trackers = middleware.filter((each) => middlewares.has(each));
      return trackers.length === 0 || trackers.includes(this.middleware);
    });
  }

  /** The Koa middleware. It adds no promise to the chain: it returns what `next` returns. */
  #middleware(): Middleware {
    return (context, next) => {
      // A request is watched once, however often the middleware is mounted, and also where one application hands
      // its request to another.
      const exchange = exchangeOf(context);
      if (exchange === undefined) this.#watch(context);
      else if (exchange.watcher !== this) this.#warnOnce('disregarded', DISREGARDED);
      return next();
    };
  }

  /** @inheritdoc */
  closed(exchange: Exchange): void {
    this.underWay -= 1;
    try {
      const isTracked = exchange.isTracked();
      if (!isTracked && !this.#mayBeGone(exchange)) return;
      exchange.conclude();
      if (this.#mayBeGone(exchange) && exchange.outcome?.status != null)
        exchange.goneRoute = this.gone.find(exchange.context);
      if (!isTracked && exchange.goneRoute === null) return;
      if (this.#closed.push(exchange) === 1) inOwnContext(setImmediate, this.#recordClosed);
    } catch (error) {
      this.#sink.lost('making a record', error);
    }
  }

  /**
   * Makes the records of closed exchanges. It happens by itself on the next turn of the event loop: there the
   * answers are out of the way, and several records are made in a row, which takes half the time a record, as code
   * and data are in the processor's caches.
   */
  recordClosed(): void {
    if (this.#closed.length > 0) inOwnContext(this.#recordClosed);
  }

  /** @inheritdoc */
  failed(what: string, error: unknown): void {
    this.#sink.fault(what, error);
  }

  /** @inheritdoc */
  lacksData(): void {
    this.#details.lacksData();
  }

  /** @inheritdoc */
  missed(why: string): void {
    this.#warnOnce('missed', why);
  }

  /** Whether controllers have answered whose actions are not known, and which no record can be made of. */
  get missesActions(): boolean {
    return this.#warned.has('missed');
  }

  /** Makes the records of closed exchanges, and waits for late parts, within the limit of each. */
  async complete(): Promise<void> {
    this.recordClosed();
    await this.#waiting.left();
  }

  /** Makes the records of closed exchanges and waiting drafts, with the parts that are known by now. */
  conclude(): void {
    this.recordClosed();
    this.#waiting.empty();
  }

  /** Ends the look-ups, and the waiting of drafts. Requests may still come. */
  close(): void {
    this.conclude();
    this.#details.close();
  }

  /** What became of the addresses that were looked up; null without the option `geo`. */
  get geo(): LocatorStats | null {
    return this.#details.geo;
  }

  /** Records that went without a part. */
  get incomplete(): Incomplete {
    return this.#details.incomplete;
  }

  #record(exchange: Exchange): void {
    try {
      const policy = this.#policyOf(exchange);
      if (policy === null) return;
      const admission = this.#gate.judge(exchange, policy);
      if (admission === null) return;
      const draft = this.#maker.draft(exchange, policy, admission);
      if (draft.bot && this.#skipsBots) {
        this.#gate.skip('bot', exchange);
        return;
      }
      const late = this.#details.begin(draft, exchange, admission.isAnonymous);
      if (late === null) this.#finish(draft, exchange.asyncContext, null);
      else this.#waiting.add(draft, late, exchange.asyncContext);
    } catch (error) {
      this.#sink.lost('making a record', error);
    }
  }

  /** @returns null if no action answered, and an untracked one would have; such a request is counted */
  #policyOf(exchange: Exchange): EffectivePolicy | null {
    const { attribution, context, goneRoute } = exchange;
    if (goneRoute !== null) return this.#policies.ofGone(goneRoute);
    if (attribution !== null && !attribution.isRecorded) this.#meet(attribution);
    const candidates = attribution?.route == null ? candidatesFor(context) : NO_CANDIDATES;
    if (attribution === null && isForUntracked(candidates, context.req.method ?? '')) {
      return this.#gate.skip('untracked', exchange);
    }
    return this.#policies.ofUncertain(attribution?.data ?? null, candidates, exchange.possibleRoutes());
  }

  /** Whether a request that nothing answered may have been for an endpoint that is gone. */
  #mayBeGone({ attribution, context }: Exchange): boolean {
    const { statusCode } = context.res;
    return attribution === null && (statusCode === 404 || statusCode === 405) && this.gone.hasAny();
  }

  /** Looks, at an action's first record, whether it can be told apart from others. */
  #meet(attribution: Attribution): void {
    attribution.isRecorded = true;
    const { controllerName } = attribution;
    if (controllerName === null || !hasNamesake(attribution, this.policy)) return;
    this.#warnOnce(
      'namesakes',
      `two controllers are called '${controllerName}', and records cannot tell them apart. Where the code is minified, keep the ` +
        'names of classes (keep_classnames of Terser, --keep-names of esbuild); or give each a name of its own: ' +
        "@TrackedController({ name: 'users' }).",
    );
  }

  #warnOnce(kind: string, message: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#sink.warn(kind, message);
  }

  #watch(context: Context): void {
    try {
      if ((context.res as unknown) === undefined) {
        this.#warnOnce('no-response', NO_RESPONSE);
        return;
      }
      this.#onRequest(context);
      if (context.app !== this.#app) noteApplication((this.#app = context.app));
      if (hasReachedController(context)) this.missed(MOUNTED_BEHIND);
      new Exchange(context, this).open();
      this.underWay += 1;
    } catch (error) {
      this.#sink.lost('watching a request', error);
    }
  }
}

/** Whether there are functions of the application to be called for each request. */
function hasCallbacks({ user, ignore, redact, geo, sampleRate, trustProxy }: CaptureSettings): boolean {
  const callbacks = [user, ignore, redact, geo];
  return (
    callbacks.some((callback) => callback !== null) ||
    typeof sampleRate === 'function' ||
    trustProxy?.isCallback === true
  );
}
