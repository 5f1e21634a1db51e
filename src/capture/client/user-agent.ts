import Negotiator from 'negotiator';
import QuickLRU from 'quick-lru';
import { UAParser } from 'ua-parser-js';
import { TEXT_LIMITS } from '../../record/limits.js';
import { sealUserAgent } from '../../record/seal.js';
import { cleanText } from '../../record/text.js';
import type { UserAgent } from '../../record/usage-record.js';
import { isBot } from './bots.js';
import { headerText } from '../request/header-text.js';
import { detached } from '../request/request-target.js';

/** What the request's headers tell of the client's software. */
export interface ClientSoftware {
  /** Within the limits of a record, and frozen. */
  readonly userAgent: UserAgent;
  readonly bot: boolean;
}

/**
 * Distinct `User-Agent` headers kept, at least, and twice as many at most. Parsing one costs some 10 µs,
 * finding it well under 1 µs. An entry keeps at most {@link TEXT_LIMITS}`.userAgentString` characters.
 */
const CACHED_AGENTS = 12_000;

/** Distinct `Accept-Language` headers kept, at least. */
const CACHED_LANGUAGES = 1000;

/** The longest `Accept-Language` that is looked at, in characters; browsers send less than 100. */
const MAX_LANGUAGES_LENGTH = 256;

/** The form of language tags (RFC 4647, 2.1), without the wildcard. */
const LANGUAGE_TAG = /^[a-z]{1,8}(-[a-z\d]{1,8})*$/i;

/**
 * The first product token and its version (RFC 9110, 10.1.5), which names a client that is no browser:
 * `okhttp/4.12.0`. `Mozilla` names no client.
 */
const PRODUCT = /^(?!mozilla\b)([\w!#$%&'*+.^`|~-]{1,64})(?:\/v?([\w.+-]{1,64}))?/i;

/** Reads browsers, platforms, languages and bots from request headers, and remembers the last headers. */
export class UserAgentReader {
  /** Clients by their `User-Agent` header, without a language. */
  readonly #agents = new QuickLRU<string, ClientSoftware>({ maxSize: CACHED_AGENTS });
  readonly #languages = new QuickLRU<string, string | null>({ maxSize: CACHED_LANGUAGES });

  /**
   * @param header - the `User-Agent` header, if it was sent
   * @param languages - the `Accept-Language` header, if it was sent
   */
  read(header: string | undefined, languages: string | undefined): ClientSoftware {
    const { userAgent, bot } = this.#agentOf(header);
    const language = languages === undefined ? null : this.#languageOf(languages);
    if (language === null) return { userAgent, bot };
    return { userAgent: Object.freeze({ ...userAgent, language }), bot };
  }

  #agentOf(header: string | undefined): ClientSoftware {
    // No header holds a line feed, which marks two kinds of key: no header, and the kept text of a long one.
    let key = header ?? '\n';
    if (key.length > TEXT_LIMITS.userAgentString) key = `\n${keptText(key)}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = readAgent(header);
      this.#agents.set(key, agent);
    }
    return agent;
  }

  #languageOf(header: string): string | null {
    const key = wholeTags(header);
    let language = this.#languages.get(key);
    if (language === undefined) {
      language = preferredLanguage(key);
      this.#languages.set(key, language);
    }
    return language;
  }
}

/** The whole tags at a header's beginning: half a tag is another language, or lacks its quality. */
function wholeTags(header: string): string {
  if (header.length <= MAX_LANGUAGES_LENGTH) return header;
  return detached(header.slice(0, Math.max(0, header.lastIndexOf(',', MAX_LANGUAGES_LENGTH))), header);
}

/** The text that a record keeps of a `User-Agent` header. */
function keptText(header: string): string {
  return detached(cleanText(headerText(header), TEXT_LIMITS.userAgentString), header);
}

function readAgent(header: string | undefined): ClientSoftware {
  const string = header === undefined ? null : keptText(header);
  const parser = new UAParser(string ?? '');
  const { name, version } = parser.getBrowser();
  const [, product, productVersion] = PRODUCT.exec(string ?? '') ?? [];
  return {
    userAgent: sealUserAgent({
      browser: name ?? product ?? null,
      version: (name === undefined ? productVersion : version) ?? null,
      platform: parser.getOS().name ?? null,
      language: null,
      string,
    }),
    bot: string !== null && isBot(string),
  };
}

/** A user agent without the header's text. */
export function withoutText(userAgent: UserAgent): UserAgent {
  const { browser, string } = userAgent;
  // A client that is no known browser is named by the beginning of its text.
  const isText = browser !== null && string?.startsWith(browser) === true;
  return Object.freeze({ ...userAgent, ...(isText && { browser: null, version: null }), string: null });
}

/** The first language by quality (RFC 9110, 12.5.4); null for none, for `*`, and for text that is no tag. */
function preferredLanguage(header: string): string | null {
  const [language] = new Negotiator({ headers: { 'accept-language': header } }).languages();
  return language !== undefined && LANGUAGE_TAG.test(language)
    ? cleanText(language, TEXT_LIMITS.userAgentPart)
    : null;
}
