import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Context } from 'koa';
import type { Clock } from '../../time/clock.js';
import { type Policy, isTracked } from '../../metadata/policy.js';
import { jsonObjectOf, limitJsonObject } from '../../record/json.js';
import { type KeptContext, keepContext } from '../../time/own-context.js';
import type { JsonObject } from '../../record/usage-record.js';
import type { Attribution } from './attribution.js';
import { type ByteCounter, EXCHANGE, countRequestBody, countResponseBody } from './body-bytes.js';
import { errorTypeOf } from './error-type.js';
import { type PossibleRoute, ownParams, possibleRoutes, readLastRoute } from './matched-route.js';
import { type MountPaths, mountPathNow, mountedRoute } from './mounts.js';
import { type Outcome, readOutcome } from './response-outcome.js';
import { findUnholdable } from './unholdable.js';

/** An address of a client or a proxy. */
export interface Address {
  /** The whole address, as `canonicalAddress` writes it; to be kept only where the policy says so. */
  readonly full: string;
  /** The address's network, as `truncateAddress` writes it. */
  readonly network: string;
  /** Whether the address is a trusted proxy's; null while no list of proxies has been asked. */
  isTrusted: boolean | null;
}

/** A response that may carry an exchange. */
export type CarryingResponse = ServerResponse & {
  [EXCHANGE]?: Exchange;
  /** The stream, in HTTP/2's compatibility API. */
  readonly stream?: ServerHttp2Stream;
};

/**
 * The exchange that a request belongs to, if it is watched. It stands on the response, which all applications share that hand one
 * request to each other, while each has a context of its own.
 *
 * @param context - a Koa context
 */
export function exchangeOf(
  context: { readonly res?: CarryingResponse } | null | undefined,
): Exchange | undefined {
  return context?.res?.[EXCHANGE];
}

const NONE: readonly never[] = [];
const ADDED_AFTERWARDS = new Error(
  'the request was over and its record made, so its data is not kept. Await what calls it before the action returns',
);

/** The watcher of an exchange: it holds the policy, and is told when the response has closed. */
export interface ExchangeWatcher {
  readonly clock: Clock;
  readonly policy: Policy;
  /** Whether functions of the application are called for each request. */
  readonly hasCallbacks: boolean;
  /** Learns where the applications of actions are mounted. */
  readonly mountPaths: MountPaths;
  /** Takes an exchange whose response has closed. */
  closed(exchange: Exchange): void;
  /** Learns that something could not be read; the record will do without. */
  failed(what: string, error: unknown): void;
  /** Learns that the application's data came when the record had been made. */
  lacksData(): void;
  /** Learns that a controller has answered, and that it cannot be told which action. */
  missed(why: string): void;
}

/**
 * One request and its response, from the moment that the middleware sees it until the response closes. It
 * gathers what is only known on the way: which action ran, what it threw, how many bytes went by.
 */
export class Exchange implements ByteCounter {
  readonly context: Context;
  /** The asynchronous context that functions of the application are called in; null where none is given. */
  asyncContext: KeptContext | null;
  readonly startedAtMs: number;
  readonly startedMonotonicMs: number;
  /** The connection: its socket, or its session over HTTP/2, where each request has a proxy of the socket. */
  readonly connection: object;
  /** Read early, as a socket forgets its peer when it closes. */
  readonly remoteAddress: string | null;
  /** The client's address; undefined while nobody has asked for it. */
  clientAddress: Address | null | undefined = undefined;

  attribution: Attribution | null = null;
  /** The mount path of the action's application; empty if it is not mounted, or if no action ran. */
  mountPath = '';
  /** The template of an endpoint that was there once, if the request was for one, and no action answered. */
  goneRoute: string | null = null;
  /** The route's parameters: null if there are none, undefined if they could not be read. */
  params: object | null | undefined = null;
  errorType: string | null = null;
  requestBytes = 0;
  responseBytes = 0;
  /** Whether the response's bytes are counted. */
  countsResponse = false;
  impliedStatus: number | null = null;
  write: ByteCounter['write'] = null;
  end: ByteCounter['end'] = null;
  push: ByteCounter['push'] = null;
  /** What became of the response; null before `conclude`. */
  outcome: Outcome | null = null;
  /** From the start to the response's close, in milliseconds. */
  durationMs = 0;

  /** The tracker's capture, which watches this exchange. */
  readonly watcher: ExchangeWatcher;
  /** The context on which the action was attributed: each application that hands a request on has its own. */
  #routed: Context | null = null;
  /** The path that the router saw when it attributed a route without a class. */
  #routedPath = '';
  /** Whether other routes had the request as well. */
  #isShared = false;
  #closed = false;
  #ownData: JsonObject | null = null;
  /** `taken` once the record has the application's data; `lacking` once data came too late for the record. */
  #ownDataIs: 'open' | 'taken' | 'lacking' = 'open';

  constructor(context: Context, watcher: ExchangeWatcher) {
    this.context = context;
    this.asyncContext = watcher.hasCallbacks ? keepContext() : null;
    this.startedAtMs = watcher.clock.now();
    this.startedMonotonicMs = watcher.clock.monotonic();
    const { socket, stream } = context.req as IncomingMessage & { readonly stream?: ServerHttp2Stream };
    this.connection = stream?.session ?? socket;
    this.remoteAddress = socket.remoteAddress ?? null;
    this.watcher = watcher;
  }

  /** Starts listening for the response's close, and counting the bodies. An exchange whose `open` throws reaches no watcher. */
  open(): void {
    const response: CarryingResponse = this.context.res;
    try {
      response[EXCHANGE] = this;
      response.on('close', closeExchange);
      // Over HTTP/2, the response to a HEAD that is never answered does not say that it has closed.
      response.stream?.on('close', () => this.close());
      if (hasBody(this.context.req)) countRequestBody(this.context.req, this);
      if (this.isTracked()) this.#countResponse();
    } catch (error) {
      this.#closed = true;
      throw error;
    }
  }

  /**
   * Says which action answers. A controller's action is final; of routes without a class the last one counts, so
   * that a route can take back what its router said.
   *
   * @param params - the route's parameters; later layers of the router change the object
   */
  attribute(attribution: Attribution, params: object | undefined, context: Context): void {
    if (this.attribution?.controllerName != null) return;
    this.attribution = attribution;
    this.#routed = context;
    if (typeof attribution.data.sampleRate === 'function') this.asyncContext ??= keepContext();
    if (!this.isTracked()) return;
    this.params = undefined;
    try {
      this.mountPath = mountPathNow(this.context);
      this.watcher.mountPaths.note(attribution, this.mountPath);
      const isPlain = attribution.controllerName === null;
      const own = isPlain ? params : ownParams(context, params);
      this.#isShared = isPlain || own !== params;
      if (this.#isShared) this.#routedPath = context.path;
      this.params = copyOf(own);
      this.#countResponse();
    } catch (error) {
      // An application may put anything on its context; its request goes on.
      this.watcher.failed('reading the parameters of a route', error);
    }
  }

  /** Adds data of the application's own. It is copied at once, as the application may go on changing it. */
  addData(data: unknown): void {
    if (this.#ownDataIs !== 'open') {
      if (this.#ownDataIs === 'taken') this.watcher.lacksData();
      this.#ownDataIs = 'lacking';
      this.watcher.failed('a late track(ctx, data)', ADDED_AFTERWARDS);
      return;
    }
    try {
      const object = jsonObjectOf(data);
      const part = findUnholdable(object);
      if (part !== null) {
        this.watcher.failed(
          'track(ctx, data)',
          new TypeError(`'${part.name}' is or holds ${part.kind}, which JSON cannot hold; it is left out`),
        );
      }
      this.#ownData = limitJsonObject({ ...this.#ownData, ...object });
    } catch (error) {
      this.watcher.failed('track(ctx, data)', error);
    }
  }

  /** Hands over the application's own data, for the record; no more can be added. */
  takeData(): JsonObject | null {
    this.#ownDataIs = 'taken';
    return this.#ownData;
  }

  /** Notes what the action threw. The first error counts: later ones come of its handling. */
  noteError(thrown: unknown): void {
    this.errorType ??= errorTypeOf(thrown);
  }

  /** The template of the route that answered, as records have it; null if there is none. */
  get route(): string | null {
    return mountedRoute(this.mountPath, this.attribution?.route ?? this.goneRoute);
  }

  /** Whether this request is tracked, as far as it is attributed by now. */
  isTracked(): boolean {
    return isTracked(this.attribution, this.watcher.policy);
  }

  /** The routes without a class that the request may have been for, beside the attributed one. */
  possibleRoutes(): readonly PossibleRoute[] {
    if (this.attribution === null || this.#routed === null) return possibleRoutes(this.context, null);
    const { route: template } = this.attribution;
    const path = this.#routedPath;
    // A path that equals the template holds no parameter of another route.
    if (!this.#isShared || template?.toLowerCase() === path.toLowerCase()) return NONE;
    return possibleRoutes(this.#routed, { path, template, params: this.params ?? {} });
  }

  /** Reads what only holds at the moment when the response closes. */
  conclude(): void {
    const { req, res } = this.context;
    if (this.attribution?.route === null) this.#learnRoute(this.attribution);
    this.durationMs = this.watcher.clock.monotonic() - this.startedMonotonicMs;
    this.outcome = readOutcome(req, res, this.impliedStatus);
  }

  /** Hands itself to its watcher, once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.attribution?.controllerName == null && hasReachedController(this.context)) {
      this.watcher.missed(OTHER_DRIVER);
    }
    this.watcher.closed(this);
  }

  /** Reads the route that a marking middleware could not tell: the router has come to the route by now. */
  #learnRoute(attribution: Attribution): void {
    const route = this.#routed === null ? null : readLastRoute(this.#routed, this.#routedPath);
    if (route === null) return;
    this.attribution = attribution.ofRoute?.(route) ?? attribution;
    this.watcher.mountPaths.note(this.attribution, this.mountPath);
    this.params = copyOf(route.params);
  }

  #countResponse(): void {
    // An exchange that could not open may not stand on its response, where the counting functions look for it.
    if (this.countsResponse || this.#closed) return;
    this.countsResponse = countResponseBody(this.context.res, this);
  }
}

const OTHER_DRIVER =
  'controllers answer that trackUsage() knows nothing of, so that they are not recorded. Either routing-controllers is installed ' +
  'twice, and the application uses the other copy: npm ls routing-controllers lists them, and npm dedupe may be all it takes. ' +
  'Or useKoaServer(app) was called before trackUsage().';

/** Whether an action of any installed routing-controllers has begun: the driver's guard leaves this mark. */
export function hasReachedController(context: Context): boolean {
  try {
    return (context.request as { routingControllersStarted?: unknown }).routingControllersStarted === true;
  } catch {
    // An application may put anything on its context.
    return false;
  }
}

/** One function for every response, so that a request makes no closure. */
function closeExchange(this: CarryingResponse): void {
  this[EXCHANGE]?.close();
}

function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined || request.httpVersionMajor > 1) return true;
  const length = headers['content-length'];
  return length !== undefined && length !== '0';
}

/** @returns null if there are no parameters */
function copyOf(params: object | undefined): object | null {
  return params === undefined || Object.keys(params).length === 0 ? null : { ...params };
}
