import { createHmac } from 'node:crypto';
import { TrackUsageError } from '../../../errors.js';

/** A shorter secret could be guessed from a few hashes of known names. */
const MIN_SECRET_BYTES = 16;

/**
 * Makes a pseudonym of what must not be stored, such as an API key: HMAC-SHA-256 (RFC 2104) as 43 characters
 * of base64url. A key always has the same pseudonym, which does not tell the key without the secret.
 *
 * ```ts
 * trackUsage({ user: (ctx) => hashUser(ctx.get('x-api-key'), process.env.USAGE_SECRET) });
 * ```
 *
 * @param name - the text to hash; null, undefined and empty text have no pseudonym
 * @param secret - at least 16 bytes, the same in all processes and kept out of the database
 * @throws {TrackUsageError} `INVALID_OPTION` if there is no such secret, or the name is no text
 */
export function hashUser(
  name: string | null | undefined,
  secret: string | Uint8Array | undefined,
): string | null {
  const bytes = typeof secret === 'string' || secret instanceof Uint8Array ? Buffer.byteLength(secret) : null;
  if (secret === undefined || bytes === null || bytes < MIN_SECRET_BYTES) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `hashUser: the secret ${bytes === null ? `is of type ${typeof secret}` : `has ${bytes} bytes`}; expected ` +
        `at least ${MIN_SECRET_BYTES} bytes. Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
    );
  }
  if (name === null || name === undefined || name === '') return null;
  // Node's own error would quote the name, which was to be hidden.
  if (typeof name !== 'string') {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `hashUser: the name is of type ${typeof name}; expected text. Hash what String() makes of it.`,
    );
  }
  return createHmac('sha256', secret).update(name).digest('base64url');
}
