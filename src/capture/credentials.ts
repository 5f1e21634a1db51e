const BASIC = /^basic +([A-Za-z0-9+/=_-]+) *$/i;

/** Longer credentials are not looked at: user names of that length are no names. */
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
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  const end = credentials.indexOf(':');
  return end < 1 ? null : credentials.slice(0, end);
}
