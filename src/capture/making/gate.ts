import type { IncomingHttpHeaders } from 'node:http';
import type { Context } from 'koa';
import { type SampleRate, isRate } from '../../metadata/data-policy.js';
import type { RecordingSettings, SignalResponse } from '../../options/recording-options.js';
import { checkResult } from './callback.js';
import type { EffectivePolicy } from './effective-policy.js';
import type { Exchange } from '../exchange/exchange.js';
import { callIn } from '../../time/own-context.js';
import type { RecordSink } from '../record-sink.js';
import { readTarget } from '../request/request-target.js';

/** Why a tracked request was not recorded, as configured. */
export type SkipReason = 'ignored' | 'signal' | 'bot' | 'sampled' | 'untracked';

/**
 * Requests that were not recorded, as configured: by `ignore` and `ignorePaths`, `respect`, `bots`, sampling,
 * or as no action answered them and an untracked action would have.
 */
export type SkipCounts = Readonly<Record<SkipReason, number>>;

/** Requests to one endpoint that were not recorded, as configured. */
export interface SkippedEndpoint {
  readonly method: string;
  readonly route: string;
  readonly skipped: Readonly<Partial<SkipCounts>>;
}

/** How a request is recorded. */
export interface Admission {
  /** How many requests the record stands for. */
  readonly weight: number;
  /** Whether the record may tell nothing of the caller but the country. */
  readonly isAnonymous: boolean;
}

const PLAIN: Admission = { weight: 1, isAnonymous: false };

/** Endpoints whose skipped requests are counted apart. */
const MOST_ENDPOINTS = 5000;

/** The value of a signal that is set: a header that was sent several times arrives as a list. */
const LISTED = /(?:^|,)\s*1\s*(?:,|$)/;

/** Decides which of the tracked requests are recorded, when their responses have closed. */
export class Gate {
  readonly #settings: RecordingSettings;
  readonly #sink: RecordSink;
  readonly #skipped: Record<SkipReason, number> = {
    ignored: 0,
    signal: 0,
    bot: 0,
    sampled: 0,
    untracked: 0,
  };
  /** By route and method. */
  readonly #byEndpoint = new Map<
    string,
    SkippedEndpoint & { readonly skipped: Partial<Record<SkipReason, number>> }
  >();
  /** Paths in lower case, without a slash at the end, and expressions. */
  readonly #ignored: readonly (string | RegExp)[];
  /** Whether any option but those of sampling has to be looked at. */
  readonly #looks: boolean;

  constructor(settings: RecordingSettings, sink: RecordSink) {
    const { ignore, ignorePaths, respect } = settings;
    this.#settings = settings;
    this.#sink = sink;
    this.#ignored = ignorePaths.map((path) =>
      typeof path === 'string' ? withoutEndSlash(path.toLowerCase()) : path,
    );
    this.#looks =
      ignore !== null || ignorePaths.length > 0 || respect.gpc !== 'ignore' || respect.dnt !== 'ignore';
  }

  /** The skipped requests so far, by reason. */
  get skipped(): SkipCounts {
    return { ...this.#skipped };
  }

  /** The skipped requests so far, by endpoint and reason. */
  get skippedEndpoints(): readonly SkippedEndpoint[] {
    return [...this.#byEndpoint.values()];
  }

  /** Counts a request that is not recorded. */
  skip(reason: SkipReason, exchange: Exchange): null {
    this.#skipped[reason] += 1;
    const { route } = exchange;
    if (route === null) return null;
    const method = exchange.context.req.method ?? '';
    const name = `${method} ${route}`;
    let endpoint = this.#byEndpoint.get(name);
    if (endpoint === undefined) {
      if (this.#byEndpoint.size >= MOST_ENDPOINTS) return null;
      endpoint = { method, route, skipped: {} };
      this.#byEndpoint.set(name, endpoint);
    }
    endpoint.skipped[reason] = (endpoint.skipped[reason] ?? 0) + 1;
    return null;
  }

  /** @returns null if the request is skipped; it is counted by then */
  judge(exchange: Exchange, { sampleRate }: EffectivePolicy): Admission | null {
    const signal = this.#looks ? this.#look(exchange) : 'ignore';
    if (signal === null) return null;
    if (signal === 'ignore' && sampleRate === 1) return PLAIN;
    const weight = this.#weigh(exchange, sampleRate);
    return weight === 0 ? null : { weight, isAnonymous: signal === 'anonymize' };
  }

  #look(exchange: Exchange): 'ignore' | 'anonymize' | null {
    const { context } = exchange;
    const { respect } = this.#settings;
    if (this.#ignored.length > 0) {
      const { path } = readTarget(context.originalUrl, []);
      const lower = path.toLowerCase();
      if (this.#ignored.some((ignored) => covers(ignored, path, lower)))
        return this.skip('ignored', exchange);
    }
    if (!this.#isWanted(exchange)) return null;
    const signal = readSignals(context.req.headers, respect);
    return signal === 'skip' ? this.skip('signal', exchange) : signal;
  }

  /** Keeps a request out if `ignore` throws or returns no boolean: it may have meant to keep it out. */
  #isWanted(exchange: Exchange): boolean {
    const { context, asyncContext } = exchange;
    const { ignore } = this.#settings;
    try {
      if (ignore === null) return true;
      if (!checkResult(callIn(asyncContext, ignore, context), isBoolean, 'true or false')) return true;
      this.skip('ignored', exchange);
    } catch (error) {
      this.#sink.lost("the option 'ignore'", error);
    }
    return false;
  }

  #weigh(exchange: Exchange, rate: SampleRate): number {
    const { context, asyncContext } = exchange;
    if (this.#settings.keepErrors && hasFailed(exchange)) return 1;
    try {
      const weight = callIn(asyncContext, drawWeight, rate, context, Math.random());
      if (weight === 0) this.skip('sampled', exchange);
      return weight;
    } catch (error) {
      this.#sink.lost("the option 'sampleRate'", error);
      return 0;
    }
  }
}

/** Compares paths as the router does: without case, and without a slash at the end. */
function covers(ignored: string | RegExp, path: string, lower: string): boolean {
  // The method `test` of an expression with the flag g or y would go on where it stopped.
  if (typeof ignored !== 'string') return path.search(ignored) >= 0;
  return ignored.endsWith('/*') ? lower.startsWith(ignored.slice(0, -1)) : withoutEndSlash(lower) === ignored;
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function hasFailed({ outcome, errorType }: Exchange): boolean {
  if (outcome === null || errorType !== null) return true;
  return outcome.aborted || outcome.errorType !== null || outcome.status === null || outcome.status >= 400;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/**
 * Reads how to treat a client that asks not to be watched, by Global Privacy Control (`Sec-GPC: 1`, W3C) or
 * by Do Not Track (`DNT: 1`). For a client that sends both, the stricter setting counts.
 */
function readSignals(headers: IncomingHttpHeaders, respect: RecordingSettings['respect']): SignalResponse {
  const gpc = isSet(headers['sec-gpc']) ? respect.gpc : 'ignore';
  const dnt = isSet(headers['dnt']) ? respect.dnt : 'ignore';
  if (gpc === 'skip' || dnt === 'skip') return 'skip';
  return gpc === 'anonymize' || dnt === 'anonymize' ? 'anonymize' : 'ignore';
}

function isSet(header: string | readonly string[] | undefined): boolean {
  return header === '1' || (header !== undefined && LISTED.test(String(header)));
}

/**
 * Draws whether a request is recorded.
 *
 * @param random - from 0 inclusive to 1 exclusive
 * @returns how many requests the record stands for (1 / rate); 0 if the request is not recorded
 * @throws what the function threw, or a TypeError if it returned no rate
 */
export function drawWeight(rate: SampleRate, context: Context, random: number): number {
  const share = typeof rate === 'number' ? rate : checkResult(rate(context), isRate, 'a number from 0 to 1');
  if (share === 1) return 1;
  return random < share ? 1 / share : 0;
}
