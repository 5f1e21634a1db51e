import { createHmac } from 'node:crypto';
import { TrackUsageError } from '../errors.js';

/** A shorter secret could be guessed from a few hashes of known names. */
const MIN_SECRET_BYTES = 16;

/**
 * Makes a pseudonym of what must not be stored, such as an API key: HMAC-SHA-256 (RFC 2104) as 43 characters of
 * base64url. The same key always has the same pseudonym, and nobody without the secret can tell which.
 *
 * ```ts
 * trackUsage({ user: (ctx) => hashUser(ctx.get('x-api-key'), process.env.USAGE_SECRET) });
 * ```
 *
 * @param name - what is hashed; nothing is made of nothing
 * @param secret - at least 16 bytes, the same in all processes and kept out of the database
 * @throws {TrackUsageError} `INVALID_OPTION` if there is no such secret
 */
export function hashUser(
  name: string | null | undefined,
  secret: string | Uint8Array | undefined,
): string | null {
  if (secret === undefined || Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `hashUser: the secret ${secret === undefined ? 'is undefined' : `has ${Buffer.byteLength(secret)} bytes`}; expected ` +
        `at least ${MIN_SECRET_BYTES} bytes. Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
    );
  }
  if (name === null || name === undefined || name === '') return null;
  return createHmac('sha256', secret).update(name).digest('base64url');
}
