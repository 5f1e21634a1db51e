import { isIP, isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Address } from '../../exchange/exchange.js';

/** 45 characters of address and the name of an interface. */
const MAX_ADDRESS_LENGTH = 64;
/** IPv4-compatible IPv6 (RFC 4291, 2.5.5.1) is deprecated; ipaddr.js takes it for the IPv4 address. */
const IPV4_COMPATIBLE = /^::(?=\d+\.)/;
/** An address in brackets or without colons, and its port, which RFC 7239, 6, lets a proxy obfuscate. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::(?:(\d{1,5})|_[\w.-]+))?$/;

/**
 * The one way to write an address: IPv6 as RFC 5952 has it, IPv4-mapped IPv6 as IPv4, and no zone id.
 *
 * @returns null for text that is not an address, such as `127.1` and `1`
 */
export function canonicalAddress(text: string): string | null {
  if (text.length > MAX_ADDRESS_LENGTH || isIP(text) === 0) return null;
  const [unzoned = ''] = text.split('%', 1);
  const plain = unzoned.replace(IPV4_COMPATIBLE, '::0:');
  return ipaddr.isValid(plain) ? ipaddr.process(plain).toString() : null;
}

/**
 * The network of a canonical address: /24 for IPv4, /48 for IPv6. A 6to4 address (RFC 3056, 2) has a whole
 * IPv4 address in its first 48 bits, of which the /24 is kept. A NAT64 address (`64:ff9b::/96`, RFC 6052,
 * 2.1) has its IPv4 address behind the first 48 bits.
 */
export function truncateAddress(canonical: string): string {
  const parsed = ipaddr.parse(canonical);
  const kept = parsed.kind() === 'ipv4' ? 3 : parsed.range() === '6to4' ? 5 : 6;
  return ipaddr.fromByteArray(parsed.toByteArray().fill(0, kept)).toString();
}

/** @returns null for text that is not an address */
export function readAddress(text: string): Address | null {
  const full = canonicalAddress(text);
  return full === null ? null : { full, network: truncateAddress(full), isTrusted: null };
}

/** A header's entry without the port that it may have; the rest may still be no address. */
export function withoutPort(entry: string): string {
  const [, bracketed, bare, port] = WITH_PORT.exec(entry) ?? [];
  if (Number(port ?? 0) > 65_535) return '';
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : '';
  return bare !== undefined && isIPv4(bare) ? bare : entry;
}
