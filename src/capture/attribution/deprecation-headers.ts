import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { type Deprecation, mergeDeprecations } from '../../metadata/deprecation.js';

/** The property of a response that holds what it has to announce; installed copies of this package share it. */
const ANNOUNCED = Symbol.for('koa-track-usage.deprecation');

/** A deprecation, and the headers that announce it. */
interface Notice {
  readonly deprecation: Deprecation;
  /** A structured date (RFC 9745, section 2.1): whole seconds since 1970. */
  readonly since: string;
  /** A date of HTTP (RFC 8594, section 3); null if there is none. */
  readonly sunset: string | null;
  /** Links (RFC 8288) to what replaces the endpoint (RFC 5829) and to a page on the deprecation (RFC 9745); null if there are none. */
  readonly links: string | null;
}

type WriteHead = (...args: unknown[]) => unknown;

/** The response of a deprecated endpoint. */
interface AnnouncingResponse extends Omit<ServerResponse, 'writeHead'> {
  writeHead: WriteHead;
  [ANNOUNCED]: { readonly notice: Notice; readonly writeHead: WriteHead };
}

/** Makes the headers of a deprecated endpoint, once for all requests. */
export function noticeOf(deprecation: Deprecation): Notice {
  const { since, sunset, replacement, link } = deprecation;
  const links = [
    replacement === null ? [] : `<${replacement}>; rel="successor-version"`,
    link === null ? [] : `<${link}>; rel="deprecation"${isPage(link) ? '; type="text/html"' : ''}`,
  ].flat();
  return {
    deprecation,
    since: `@${Math.floor(Date.parse(since) / 1000)}`,
    sunset: sunset === null ? null : new Date(sunset).toUTCString(),
    links: links.join(', ') || null,
  };
}

/** Whether a link leads to a page, as far as its path tells: the last part has no ending, or that of HTML. */
function isPage(link: string): boolean {
  return /\/[^./]*(?:\.html?)?$/i.test(new URL(link, 'http://host.invalid').pathname);
}

/**
 * Has the response announce that its endpoint is deprecated, whatever becomes of the request. The headers are put when
 * the head is written, as Koa's error handler takes away all that were set before. What several middlewares
 * announce is merged, as that of a method and its class is.
 */
export function announce(context: Context, notice: Notice): void {
  // A WebSocket of koa-websocket has no response.
  const response = context.res as unknown as AnnouncingResponse | undefined;
  if (response === undefined) return;
  const before = response[ANNOUNCED] as AnnouncingResponse[typeof ANNOUNCED] | undefined;
  try {
    if (before !== undefined) {
      const merged = mergeDeprecations(notice.deprecation, before.notice.deprecation);
      response[ANNOUNCED] = { notice: noticeOf(merged), writeHead: before.writeHead };
      return;
    }
    response[ANNOUNCED] = { notice, writeHead: response.writeHead };
    response.writeHead = announcingWriteHead;
  } catch {
    // An application may have made its response read-only; it is answered without the headers.
  }
}

/** The deprecation that a response announces by now; null for none. */
export function announcedBy(context: Context): Deprecation | null {
  const response = context.res as unknown as Partial<AnnouncingResponse> | undefined;
  return response?.[ANNOUNCED]?.notice.deprecation ?? null;
}

/** One function for every response, so that a request makes no closure. */
function announcingWriteHead(this: AnnouncingResponse, ...args: unknown[]): unknown {
  const { notice, writeHead } = this[ANNOUNCED];
  if (!this.headersSent) {
    const hasReason = typeof args[1] === 'string';
    try {
      takeHeaders(this, args[2] ?? (hasReason ? undefined : args[1]));
      args.length = Math.min(args.length, hasReason ? 2 : 1);
      putHeaders(this, notice);
    } catch {
      // Headers that cannot be sent: Node tells the application.
    }
  }
  return writeHead.apply(this, args);
}

/** Sets the headers that `writeHead` was called with, which would take the place of ours: an object, a list of pairs, or a flat list. */
function takeHeaders(response: AnnouncingResponse, given: unknown): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given ?? {})) response.setHeader(name, value as string);
    return;
  }
  const isFlat = !Array.isArray(given[0]);
  const names = isFlat ? given.filter((_, index) => index % 2 === 0) : given.map(([name]) => name);
  const values = isFlat ? given.filter((_, index) => index % 2 === 1) : given.map(([, value]) => value);
  for (const name of names) response.removeHeader(name);
  for (const [index, name] of names.entries()) response.appendHeader(name, values[index]);
}

/** Puts the headers; the application's own dates hold, and its links stay. */
function putHeaders(response: AnnouncingResponse, { since, sunset, links }: Notice): void {
  if (!response.hasHeader('Deprecation')) response.setHeader('Deprecation', since);
  if (sunset !== null && !response.hasHeader('Sunset')) response.setHeader('Sunset', sunset);
  if (links === null) return;
  const own = [response.getHeader('Link') ?? []].flat().map(String);
  // `writeHead` may be called again, where the first call threw.
  if (!own.includes(links)) response.setHeader('Link', own.length === 0 ? links : [...own, links]);
}
