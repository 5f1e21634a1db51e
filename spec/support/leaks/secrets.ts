/** Begins every text that may be nowhere: long and odd enough to be found in any encoding, and never by chance. */
export const SECRET_STEM = 'Zq7vXk9wJd';

/** Begins every text that has to be there, which proves that a search looks at the right place. */
export const MARK_STEM = 'Kt8mRp3yLf';

/** A text that may be nowhere, with a name that tells where it came from. */
export function secret(name: string): string {
  return `${SECRET_STEM}-${name}`;
}

/** A text that is kept. */
export function mark(name: string): string {
  return `${MARK_STEM}-${name}`;
}

/** A network of the internet, with a caller of each family. */
export interface Network {
  /** The network of 24 bits, as the beginning of its addresses. */
  readonly v4: string;
  /** The network of 48 bits, as the beginning of its addresses. */
  readonly v6: string;
  /** Whether the network itself is kept. */
  readonly isKept: boolean;
}

/** Whose addresses are truncated: `185.199.211.0` and `2a03:2880:f1ab::` are kept. */
export const TRUNCATED: Network = { v4: '185.199.211.', v6: '2a03:2880:f1ab:', isKept: true };

/** Whose addresses are kept whole; nobody looks for them. */
export const SHOWN: Network = { v4: '151.101.67.', v6: '2a0b:4d07:e31c:', isKept: true };

/** Of whom no part of the address is kept; a source of locations is asked about them. */
export const HIDDEN: Network = { v4: '188.116.37.', v6: '2a02:26f0:7c5e:', isKept: false };

/** Who is not recorded, nor looked up. */
export const SKIPPED: Network = { v4: '193.247.85.', v6: '2a04:4e42:9d3b:', isKept: false };

/** The last bytes of the callers of a network. */
const HOSTS = [237, 238] as const;

/** A caller's address. */
export function ipv4(network: Network, host: (typeof HOSTS)[number] = 237): string {
  return `${network.v4}${host}`;
}

/** A caller's address. */
export function ipv6(network: Network): string {
  return `${network.v6}c5d7:91e3:b6f2:8ad4:d7c9`;
}

/** All callers of a network with addresses of IPv4. */
export function everyIpv4(network: Network): string[] {
  return HOSTS.map((host) => ipv4(network, host));
}
