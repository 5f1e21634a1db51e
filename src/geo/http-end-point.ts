import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isObject } from '../option-reader.js';
import type { JsonObject } from '../record/usage-record.js';
import { type Reach, nextHop, publicOnly, unusable } from './reach.js';

/** A location takes some hundred bytes. */
const MAX_BYTES = 65_536;

const MAX_REDIRECTS = 3;

/** Sent to every origin; the application's own headers are added to them on the first origin alone. */
const OWN_HEADERS = {
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'koa-track-usage',
};

/** The media types of JSON (RFC 6839 for the suffix). */
const JSON_TYPE = /^\s*(?:application\/(?:[\w.-]+\+)?json|text\/json)\s*(?:;|$)/i;

/** How an end point is asked. */
export interface HttpEndPoint {
  readonly urlOf: (address: string) => URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly reach: Reach;
}

/**
 * Asks an end point that answers JSON over HTTP about an address, and goes where its redirects lead. Each request has a connection
 * of its own.
 *
 * @param signal - ends the request when the answer is no longer waited for
 * @returns null if the end point answers «not found», or without content
 * @throws {TrackUsageError} `GEO_SOURCE` if the answer cannot be used; an `AbortError` when the signal is aborted
 */
export async function askEndPoint(
  { urlOf, headers, reach }: HttpEndPoint,
  address: string,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const start = urlOf(address);
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    signal.throwIfAborted();
    const sent = url.origin === start.origin ? { ...OWN_HEADERS, ...headers } : OWN_HEADERS;
    // The application chose the first host, which may be a private one.
    const lookup = redirects === 0 ? {} : { lookup: publicOnly(reach) };
    const response = await send(url, { headers: sent, signal, agent: false, ...lookup });
    try {
      const location = redirectOf(response);
      if (location === null) return await readAnswer(response);
      url = nextHop(url, location, reach);
    } finally {
      response.destroy();
    }
  }
  throw unusable(`redirects more than ${MAX_REDIRECTS} times`);
}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = begin(url, options);
    request.on('error', reject);
    request.once('close', () => reject(unusable('closes the connection without an answer')));
    request.once('response', (response) => {
      // Reading the response throws its errors; an error of a destroyed response concerns nobody.
      response.on('error', () => {});
      resolve(response);
    });
    request.end();
  });
}

/** @returns null for an answer that is not a redirect */
function redirectOf({ statusCode, headers }: IncomingMessage): string | undefined | null {
  return statusCode !== undefined && [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : null;
}

async function readAnswer(response: IncomingMessage): Promise<JsonObject | null> {
  const { statusCode, headers } = response;
  if (statusCode === 404 || statusCode === 204) return null;
  if (statusCode !== 200) throw unusable(`answers with status ${statusCode}`);
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    const [shown = 'content without a type'] = /^[a-z]+\/[a-z.+-]+/i.exec(type) ?? [];
    throw unusable(`answers ${shown}, and not JSON`);
  }
  let value: unknown;
  try {
    value = JSON.parse(await readText(response));
  } catch (error) {
    // The parser's own error quotes the text, which may hold the address.
    throw error instanceof SyntaxError ? unusable('answers a text that cannot be parsed as JSON') : error;
  }
  if (!isObject(value)) throw unusable('answers JSON that is not an object');
  return value as JsonObject;
}

async function readText(response: IncomingMessage): Promise<string> {
  const declared = Number(response.headers['content-length'] ?? 0);
  if (declared > MAX_BYTES) throw unusable(`answers ${declared} bytes, and ${MAX_BYTES} are the limit`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw unusable(`answers more than ${MAX_BYTES} bytes, which are the limit`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
