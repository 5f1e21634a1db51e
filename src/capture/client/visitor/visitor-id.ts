import { createHmac } from 'node:crypto';

const LENGTH_BYTES = 4;

/**
 * A visitor's pseudonym for a day: HMAC-SHA-256 (RFC 2104) with the day's salt over the address, the user
 * agent and the server's name, as 64 hexadecimal digits. The recipe is Plausible's (plausible.io/data-policy:
 * `hash(daily_salt + website_domain + ip_address + user_agent)`), but with a keyed hash, and with each
 * field's length in front (4 bytes, big endian, then UTF-8), so that no two visitors have the same bytes.
 *
 * @param salt - 32 random bytes
 */
export function visitorId(salt: Buffer, address: string, userAgent: string, serverName: string): string {
  return createHmac('sha256', salt)
    .update(lengthPrefixed([address, userAgent, serverName]))
    .digest('hex');
}

/** Encodes a list of texts, different lists as different bytes. */
export function lengthPrefixed(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let offset = 0;
  for (const [index, text] of texts.entries()) {
    offset = bytes.writeUInt32BE(lengths[index] ?? 0, offset);
    offset += bytes.write(text, offset);
  }
  return bytes;
}
