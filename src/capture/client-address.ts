import ipaddr from 'ipaddr.js';
import QuickLRU from 'quick-lru';

/** Addresses kept, so that a returning client's is not parsed again. */
const CACHED_ADDRESSES = 10_000;

/**
 * Truncates an address to its network: /24 for IPv4, /48 for IPv6. IPv4-mapped IPv6 counts as IPv4, and a zone
 * id is dropped.
 *
 * @returns null for what is no address
 */
export function truncateAddress(address: string): string | null {
  const unzoned = address.replace(/%.*$/s, '');
  if (!ipaddr.isValid(unzoned) || (!unzoned.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(unzoned)))
    return null;
  const parsed = ipaddr.process(unzoned);
  const kept = parsed.kind() === 'ipv4' ? 3 : 6;
  const bytes = parsed.toByteArray();
  return ipaddr.fromByteArray(bytes.fill(0, kept)).toString();
}

/** Truncates addresses, remembering those that it saw last. */
export class AddressTruncator {
  readonly #seen = new QuickLRU<string, string | null>({ maxSize: CACHED_ADDRESSES });

  /** As {@link truncateAddress}; null stays null. */
  truncate(address: string | null): string | null {
    if (address === null) return null;
    let truncated = this.#seen.get(address);
    if (truncated === undefined) {
      truncated = truncateAddress(address);
      this.#seen.set(address, truncated);
    }
    return truncated;
  }
}
