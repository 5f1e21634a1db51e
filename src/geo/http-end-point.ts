import type { JsonObject } from '../record/usage-record.js';
import { askJson } from './ask-json.js';
import { type Reach, unusable } from './reach.js';

/** What an end point is asked with. */
export interface HttpEndPointSettings {
  readonly urlOf: (address: string) => URL;
  /** For the whole answer, redirects included. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly reach: Reach;
}

/** An end point over HTTP, and the questions that it has not answered yet. */
export class HttpEndPoint {
  readonly #settings: HttpEndPointSettings;
  readonly #ongoing = new Set<AbortController>();
  #isClosed = false;

  constructor(settings: HttpEndPointSettings) {
    this.#settings = settings;
  }

  /**
   * Asks about an address.
   *
   * @throws {TrackUsageError} `GEO_SOURCE` if the answer is late or cannot be used, or the source was closed
   */
  async ask(address: string, signal: AbortSignal): Promise<JsonObject | null> {
    signal.throwIfAborted();
    if (this.#isClosed) throw unusable('was closed');
    const { urlOf, timeoutMs, headers, reach } = this.#settings;
    const limit = new AbortController();
    const abort = (): void => limit.abort(signal.reason);
    const giveUp = (): void => limit.abort(unusable(`takes longer than ${timeoutMs} ms`));
    const timer = setTimeout(giveUp, timeoutMs).unref();
    signal.addEventListener('abort', abort, { once: true });
    this.#ongoing.add(limit);
    try {
      return await askJson(urlOf(address), headers, limit.signal, reach);
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      this.#ongoing.delete(limit);
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Aborts what is not answered yet, and asks nothing any more. */
  close(): void {
    this.#isClosed = true;
    for (const limit of this.#ongoing) limit.abort(unusable('was closed'));
  }
}
