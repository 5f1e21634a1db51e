import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isObject } from '../option-reader.js';
import type { JsonObject } from '../record/usage-record.js';
import { type Reach, nextHop, publicOnly, unusable } from './reach.js';

/** Locations are some hundred bytes. */
const MAX_BYTES = 65_536;

const MAX_REDIRECTS = 3;

/** Sent in any case; the application's own come on top, but not to another origin. */
const OWN_HEADERS = {
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'koa-track-usage',
};

/** The media types of JSON (RFC 6839 for the suffix). */
const JSON_TYPE = /^\s*(?:application\/(?:[\w.-]+\+)?json|text\/json)\s*(?:;|$)/i;

/**
 * Asks for a JSON object, following redirects within the reach. Every request has a connection of its own.
 *
 * @returns null for «not found» and for an answer without content
 * @throws {TrackUsageError} `GEO_SOURCE` if the answer is none that can be used
 */
export async function askJson(
  start: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  reach: Reach,
): Promise<JsonObject | null> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const own = url.origin === start.origin ? { ...OWN_HEADERS, ...headers } : OWN_HEADERS;
    const response = await send(url, own, signal, redirects === 0 ? null : publicOnly(reach));
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

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  lookup: LookupFunction | null,
): Promise<IncomingMessage> {
  const options: RequestOptions = { headers, signal, agent: false, ...(lookup === null ? {} : { lookup }) };
  return new Promise((resolve, reject) => {
    const begin = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request: ClientRequest = begin(url, options);
    request.on('error', reject);
    request.once('close', () => reject(unusable('closes the connection without an answer')));
    request.once('response', (response) => {
      // What reads it hears of its errors; nobody has to once it is destroyed.
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
  const type = headers['content-type'];
  if (type === undefined || !JSON_TYPE.test(type))
    throw unusable(
      `answers ${/^[a-z]+\/[a-z.+-]+/i.exec(type ?? '')?.[0] ?? 'nothing that says so'}, and not JSON`,
    );
  return parse(await readText(response));
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = Number(response.headers['content-length'] ?? 0);
  if (bytes > MAX_BYTES) throw unusable(`answers ${bytes} bytes, and ${MAX_BYTES} are the limit`);
  bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw unusable(`answers more than ${MAX_BYTES} bytes, which are the limit`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's error quotes the text, which may hold the address.
    throw unusable('answers what cannot be parsed as JSON');
  }
  if (!isObject(value)) {
    throw unusable('answers JSON that is not an object');
  }
  return value as JsonObject;
}
