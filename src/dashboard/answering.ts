import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import type { Context } from 'koa';

/** Bytes below which a compressed answer saves nothing. */
const GZIP_BYTES = 1024;

/**
 * Headers of all answers (OWASP, «HTTP Security Response Headers»). Nothing but the dashboard's own stylesheet, picture and script is
 * loaded, and no other page may show it in a frame.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex',
};

/** A body and what it is. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Text, or many rows of it as pieces: no turn of the event loop takes all of them. */
  readonly body: string | readonly Buffer[];
  /** The name that the browser saves it under; it is shown where there is none. */
  readonly fileName?: string;
  /** A text that changes with the body, where that never changes under its address. @default none */
  readonly tag?: string;
}

/** Sets the headers that every answer has, also one that is denied. */
export function secure(context: Context): void {
  context.set({ ...HEADERS });
}

/** Sends an answer, compressed where that is worth while and asked for. */
export async function send(context: Context, answer: Answer): Promise<void> {
  const { status, type, body, fileName, tag } = answer;
  context.status = status;
  context.type = type;
  if (fileName !== undefined) context.attachment(fileName);
  context.vary('Accept-Encoding');
  if (tag !== undefined) {
    context.set('Cache-Control', 'private, max-age=31536000, immutable');
    // Weak, as it stands for the compressed body too (RFC 9110, 8.8.1).
    context.etag = `W/"${tag}"`;
    if (context.fresh) {
      context.status = 304;
      return;
    }
  }
  const isShort = typeof body === 'string' && body.length < GZIP_BYTES;
  if (!isShort && context.acceptsEncodings('gzip', 'identity') === 'gzip') {
    // Piece by piece, on a thread of its own; what is left of it is small.
    context.body = await buffer(Readable.from(typeof body === 'string' ? [body] : body).pipe(createGzip()));
    context.set('Content-Encoding', 'gzip');
  } else if (typeof body === 'string') context.body = body;
  else {
    context.body = Readable.from(body);
    context.length = body.reduce((sum, piece) => sum + piece.length, 0);
  }
}
