import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The part of IPv6 that is given out (RFC 4291, 2.4); no other address reaches a host of the internet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * A public address in its one spelling: IPv4-mapped IPv6 is unwrapped, IPv6 compressed (RFC 5952).
 *
 * @returns null for what is not an address, and for private, loopback, link-local, reserved and tunnelled ones
 */
export function publicAddress(address: string): string | null {
  const unzoned = address.replace(/%.*$/s, '');
  if (isIP(unzoned) === 0) return null;
  const parsed = ipaddr.process(unzoned);
  if (parsed.range() !== 'unicast') return null;
  return parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_UNICAST) ? null : parsed.toString();
}
