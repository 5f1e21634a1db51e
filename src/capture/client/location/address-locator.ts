import QuickLRU from 'quick-lru';
import type { Clock } from '../../../time/clock.js';
import { orAbort } from '../../../time/or-abort.js';
import type { GeoSettings } from '../../../options/geo-options.js';
import { publicAddress } from '../../../public-address.js';
import { TrackUsageError } from '../../../errors.js';
import { readGeoInfo } from '../../../record/geo-info.js';
import type { JsonObject } from '../../../record/usage-record.js';
import { type KeptContext, callIn } from '../../../time/own-context.js';
import type { RecordSink } from '../../record-sink.js';
import { CircuitBreaker } from './circuit-breaker.js';

/** What became of the addresses that were asked for. */
export interface LocatorStats {
  /** Addresses whose location was in memory. */
  readonly hits: number;
  /** Addresses that were not in memory. */
  readonly misses: number;
  /** Look-ups that were begun. */
  readonly lookups: number;
  /** Look-ups that threw, took too long, or answered neither an object nor null. */
  readonly failures: number;
  /** Addresses that are never looked up: private, loopback, link-local, reserved, or malformed. */
  readonly withheld: number;
  /** Addresses that were not looked up, as the source was left alone, too many addresses waited, or the tracker was closed. */
  readonly skipped: Readonly<Record<Obstacle, number>>;
}

type Obstacle = 'breaker' | 'queue' | 'closed';

/** A location in memory; null for an address that has none. */
interface Known {
  readonly location: JsonObject | null;
  readonly untilMs: number;
}

/** A look-up that is under way, or waits. */
interface Inquiry {
  readonly address: string;
  /** The asynchronous context of the request that asked first. */
  readonly asyncContext: KeptContext | null;
  readonly answer: Promise<JsonObject | null>;
  readonly resolve: (location: JsonObject | null) => void;
}

/** A source is suspicious after so many addresses without a location. */
const SUSPICIOUS = 10;

const IN_VAIN =
  `the first ${SUSPICIOUS} addresses that were looked up have no location. See what the source answers: ` +
  'maxmindGeo needs a database of cities or countries, httpGeo the option map for an end point with other names.';

/**
 * Everything around a geo look-up that is not the source's own business: which addresses are sent, how many
 * at a time, for how long, what is remembered, and what happens while the source fails.
 */
export class AddressLocator {
  readonly #clock: Clock;
  readonly #settings: GeoSettings;
  readonly #sink: Pick<RecordSink, 'fault' | 'warn'>;
  readonly #known: QuickLRU<string, Known>;
  readonly #breaker: CircuitBreaker;
  /** The look-ups that are under way or wait, by address. */
  readonly #open = new Map<string, Inquiry>();
  readonly #waiting = new Set<Inquiry>();
  readonly #running = new Set<AbortController>();
  readonly #counts = { hits: 0, misses: 0, lookups: 0, failures: 0, withheld: 0 };
  readonly #skipped: Record<Obstacle, number> = { breaker: 0, queue: 0, closed: 0 };
  /** Look-ups without a location before the first that had one, which makes it infinite. */
  #inVain = 0;
  #isClosed = false;

  /** @param sink - told of failures, without the address; it never throws */
  constructor(clock: Clock, settings: GeoSettings, sink: Pick<RecordSink, 'fault' | 'warn'>) {
    this.#clock = clock;
    this.#settings = settings;
    this.#sink = sink;
    // A QuickLRU keeps up to twice its `maxSize`.
    this.#known = new QuickLRU({ maxSize: Math.floor(settings.cacheMaxAddresses / 2) });
    this.#breaker = new CircuitBreaker(clock, settings.breakerFailures, settings.breakerPauseMs);
    void this.#awaitSource();
  }

  /**
   * Looks an address up, unless its location is known or being looked up.
   *
   * @param address - the full address
   * @param asyncContext - the asynchronous context of the request that asks
   * @returns null if the address has no location, is never sent, or cannot be looked up now; a promise, which never
   *   rejects, if the source has to be asked
   */
  locate(
    address: string,
    asyncContext: KeptContext | null = null,
  ): JsonObject | null | Promise<JsonObject | null> {
    const sendable = publicAddress(address);
    if (sendable === null) {
      this.#counts.withheld += 1;
      return null;
    }
    const known = this.#known.get(sendable);
    if (known !== undefined && this.#clock.monotonic() < known.untilMs) {
      this.#counts.hits += 1;
      return known.location;
    }
    this.#counts.misses += 1;
    const open = this.#open.get(sendable);
    if (open !== undefined) return open.answer;
    const obstacle = this.#obstacle();
    if (obstacle === null) return this.#inquire(sendable, asyncContext);
    this.#skipped[obstacle] += 1;
    return null;
  }

  /** What became of the addresses so far. */
  stats(): LocatorStats {
    return { ...this.#counts, skipped: { ...this.#skipped } };
  }

  /** Aborts the look-ups under way, and begins no others. */
  close(): void {
    this.#isClosed = true;
    for (const limit of this.#running) limit.abort(new Error('the tracker was closed'));
    this.#startWaiting();
    this.#known.clear();
  }

  #remember(address: string, location: JsonObject | null): void {
    const { cacheMaxAgeMs, cacheMissMaxAgeMs } = this.#settings;
    const maxAgeMs = location === null ? cacheMissMaxAgeMs : cacheMaxAgeMs;
    this.#known.set(address, { location, untilMs: this.#clock.monotonic() + maxAgeMs });
  }

  #obstacle(): Obstacle | null {
    if (this.#isClosed) return 'closed';
    if (!this.#breaker.isPassable) return 'breaker';
    const { maxConcurrent, maxWaiting } = this.#settings;
    const isFull = this.#running.size >= maxConcurrent && this.#waiting.size >= maxWaiting;
    return isFull ? 'queue' : null;
  }

  #inquire(address: string, asyncContext: KeptContext | null): Promise<JsonObject | null> {
    const { promise: answer, resolve } = Promise.withResolvers<JsonObject | null>();
    const inquiry = { address, asyncContext, answer, resolve };
    this.#open.set(address, inquiry);
    this.#waiting.add(inquiry);
    this.#startWaiting();
    return answer;
  }

  /** Begins the look-ups that wait, as far as `maxConcurrent` allows. */
  #startWaiting(): void {
    for (const inquiry of this.#waiting) {
      if (this.#running.size >= this.#settings.maxConcurrent && !this.#isClosed) return;
      this.#waiting.delete(inquiry);
      if (this.#isClosed) this.#skip(inquiry, 'closed');
      else if (this.#breaker.admit()) void this.#run(inquiry);
      else this.#skip(inquiry, 'breaker');
    }
  }

  #skip(inquiry: Inquiry, reason: Obstacle): void {
    this.#skipped[reason] += 1;
    this.#end(inquiry, null);
  }

  #end({ address, resolve }: Inquiry, location: JsonObject | null): void {
    this.#open.delete(address);
    resolve(location);
  }

  async #run(inquiry: Inquiry): Promise<void> {
    this.#counts.lookups += 1;
    const limit = new AbortController();
    this.#running.add(limit);
    let location: JsonObject | null = null;
    try {
      location = readAnswer(await this.#ask(inquiry, limit));
      this.#breaker.succeeded();
      this.#remember(inquiry.address, location);
      this.#judge(location);
    } catch (error) {
      if (!this.#isClosed) this.#failed(error);
    }
    this.#running.delete(limit);
    this.#end(inquiry, location);
    this.#startWaiting();
  }

  /** Asks the source, and waits until it answers or the limit aborts. */
  async #ask({ address, asyncContext }: Inquiry, limit: AbortController): Promise<unknown> {
    const { lookup, timeoutMs } = this.#settings;
    const giveUp = (): void => limit.abort(unusable(`it took longer than ${timeoutMs} ms`));
    const timer = this.#clock.setTimeout(giveUp, timeoutMs, false);
    try {
      const answer = callIn(asyncContext, async () => lookup(address, limit.signal));
      return await orAbort(answer, limit.signal);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** Reports at once a source that cannot be asked, and not only when the first address is looked up. */
  async #awaitSource(): Promise<void> {
    try {
      await this.#settings.lookup.ready?.();
    } catch (error) {
      if (!this.#isClosed) this.#tell(error);
    }
  }

  /** Warns of a source none of whose first answers has a location: they may be read under the wrong names. */
  #judge(location: JsonObject | null): void {
    this.#inVain = location === null ? this.#inVain + 1 : Infinity;
    if (this.#inVain === SUSPICIOUS) this.#sink.warn('geo', IN_VAIN);
  }

  #failed(error: unknown): void {
    this.#counts.failures += 1;
    this.#breaker.failed();
    this.#tell(new Error(`a geo look-up failed: ${describe(error)}`));
  }

  #tell(error: unknown): void {
    this.#sink.fault("the option 'geo'", error);
  }
}

/** Reads a source's answer, and freezes it, as many records may share it. */
function readAnswer(answer: unknown): JsonObject | null {
  if (answer === null || answer === undefined) return null;
  if (typeof answer !== 'object' || Array.isArray(answer))
    throw unusable('its answer is neither an object nor null');
  return Object.freeze(readGeoInfo(answer));
}

function unusable(message: string): TrackUsageError {
  return new TrackUsageError('GEO_SOURCE', message);
}

/**
 * An error in words. The message of an error from outside may hold the address, in any spelling: only the
 * class and the code of such an error are told.
 */
function describe(error: unknown): string {
  try {
    if (error instanceof TrackUsageError) return error.message;
    if (!(error instanceof Error)) return `it threw a value of type ${typeof error}`;
    const { code } = error as { code?: unknown };
    const kind = typeof code === 'string' && /^[A-Z][A-Z_]*$/.test(code) ? ` (${code})` : '';
    return `${error.constructor.name}${kind}; its message is not told, as it may hold the address`;
  } catch {
    return 'an error that cannot be shown';
  }
}
