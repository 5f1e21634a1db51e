const BASIC = /^basic +([A-Za-z0-9+/=_-]+) *$/i;

/** Longer credentials are not looked at: user names of that length are not names. */
const MAX_HEADER_LENGTH = 4096;

/**
 * The user name of Basic authentication (RFC 7617). The password is never kept.
 *
 * @param header - the `Authorization` header
 * @returns null if the header is of another scheme, or is not well formed
 */
export function basicUserName(header: string): string | null {
  if (header.length > MAX_HEADER_LENGTH) return null;
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const credentials = Buffer.from(encoded, 'base64');
  const end = credentials.indexOf(':');
  // Only the name becomes text: a part of a longer text would keep the password in memory.
  return end < 1 ? null : credentials.toString('utf8', 0, end);
}
