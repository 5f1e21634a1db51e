import { isbot } from 'isbot';
import Negotiator from 'negotiator';
import QuickLRU from 'quick-lru';
import { UAParser } from 'ua-parser-js';
import { TEXT_LIMITS } from '../record/limits.js';
import { sealUserAgent } from '../record/seal.js';
import { cleanText } from '../record/text.js';
import type { UserAgent } from '../record/usage-record.js';
import { headerText } from './header-text.js';

/** What the request's headers tell of the client's software. */
export interface ClientSoftware {
  readonly userAgent: UserAgent;
  /** The same without the header's text. */
  readonly textlessUserAgent: UserAgent;
  readonly bot: boolean;
}

/** Distinct pairs of headers kept. A miss costs some 10 µs, a hit well under one. */
const CACHED_CLIENTS = 1000;

/** The longest `Accept-Language` that is looked at, in characters; browsers send less than 100. */
const MAX_LANGUAGES_LENGTH = 256;

/** The form of language tags (RFC 4647, 2.1), without the wildcard. */
const LANGUAGE_TAG = /^[a-z]{1,8}(-[a-z\d]{1,8})*$/i;

/** Tells browsers, platforms, languages and bots from request headers, remembering those that it saw last. */
export class UserAgentReader {
  readonly #seen = new QuickLRU<string, ClientSoftware>({ maxSize: CACHED_CLIENTS });

  /**
   * @param header - the `User-Agent` header, if it was sent
   * @param languages - the `Accept-Language` header, if it was sent
   */
  read(header: string | undefined, languages: string | undefined): ClientSoftware {
    // A header cannot hold a line feed, so no two pairs share a key.
    const key = `${header?.slice(0, TEXT_LIMITS.userAgentString + 1) ?? '\n'}\n${languages?.slice(0, MAX_LANGUAGES_LENGTH) ?? ''}`;
    let client = this.#seen.get(key);
    if (client === undefined) {
      client = readClient(header, languages);
      this.#seen.set(key, client);
    }
    return client;
  }
}

function readClient(header: string | undefined, languages: string | undefined): ClientSoftware {
  const string = header === undefined ? null : cleanText(headerText(header), TEXT_LIMITS.userAgentString);
  const parser = new UAParser(string ?? '');
  const browser = parser.getBrowser();
  const parts = {
    browser: browser.name ?? null,
    version: browser.version ?? null,
    platform: parser.getOS().name ?? null,
    language: preferredLanguage(languages),
  };
  return {
    userAgent: sealUserAgent({ ...parts, string }),
    textlessUserAgent: sealUserAgent({ ...parts, string: null }),
    bot: string !== null && isbot(string),
  };
}

/** The first language by quality (RFC 9110, 12.5.4); null for none, for any, and for what is no language tag. */
function preferredLanguage(header: string | undefined): string | null {
  if (header === undefined) return null;
  const [language] = new Negotiator({
    headers: { 'accept-language': header.slice(0, MAX_LANGUAGES_LENGTH) },
  }).languages();
  return language !== undefined && LANGUAGE_TAG.test(language) ? language : null;
}
