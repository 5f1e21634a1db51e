import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
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
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** A body and what it is. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** The name that the browser saves it under; it is shown where there is none. */
  readonly fileName?: string;
  /** Whether it never changes under its address. @default false */
  readonly isLasting?: boolean;
}

/** Sets the headers that every answer has, also one that is denied. */
export function secure(context: Context): void {
  context.set({ ...HEADERS });
}

/** Sends an answer, compressed where that is worth while and asked for. */
export async function send(context: Context, answer: Answer): Promise<void> {
  const { status, type, body, fileName, isLasting = false } = answer;
  context.status = status;
  context.type = type;
  if (fileName !== undefined) context.attachment(fileName);
  context.vary('Accept-Encoding');
  if (isLasting) {
    context.set('Cache-Control', 'private, max-age=31536000, immutable');
    // Weak, as it stands for the compressed body too (RFC 9110, 8.8.1).
    context.etag = `W/"${tagOf(body)}"`;
    if (context.fresh) {
      context.status = 304;
      return;
    }
  }
  if (body.length < GZIP_BYTES || context.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    context.body = body;
    return;
  }
  // On a thread of its own, not on the event loop.
  context.body = await promisify(gzip)(body);
  context.set('Content-Encoding', 'gzip');
}

/** A text that changes with the body. */
export function tagOf(body: string): string {
  return hash('sha256', body, 'base64url').slice(0, 16);
}
