import type { IncomingHttpHeaders } from 'node:http';
import QuickLRU from 'quick-lru';
import type { IpPolicy } from '../metadata/data-policy.js';
import type { AddressSettings } from '../options/address-options.js';
import { canonicalAddress, truncateAddress, withoutPort } from './address-text.js';
import { headerText } from './header-text.js';
import { detached } from './request-target.js';
import { TrustedProxies, headerLine } from './trusted-proxies.js';

/** Addresses kept, so that a returning client's is not parsed again. */
const CACHED_ADDRESSES = 10_000;

/** An address in full, and its network. */
interface KnownAddress {
  readonly full: string;
  readonly network: string;
}

/** What of an exchange tells the client's address. */
export interface Addressed {
  readonly remoteAddress: string | null;
  readonly context: { readonly req: { readonly headers: IncomingHttpHeaders } };
  /** What was read; undefined while it was not. */
  clientAddress: string | null | undefined;
}

/** Tells the addresses of clients, and how much of them may be kept. It remembers those that it saw last. */
export class ClientAddresses {
  readonly #proxies: TrustedProxies | null;
  readonly #known = new QuickLRU<string, KnownAddress>({ maxSize: CACHED_ADDRESSES });

  /** @param onFault - is told when the function that was given as `trustProxy` throws */
  constructor({ trustProxy }: Pick<AddressSettings, 'trustProxy'>, onFault: (error: Error) => void) {
    const read = (entry: string, header: string): string | null =>
      this.#find(detached(withoutPort(entry), header))?.full ?? null;
    this.#proxies = trustProxy === null ? null : new TrustedProxies(trustProxy, read, onFault);
  }

  /**
   * The client's whole address, for what has to be done before the policy is applied, and never to be kept. Without
   * trusted proxies, no header is looked at.
   *
   * @param remoteAddress - the socket's; null if it has none
   * @returns null if it is not known
   */
  read(remoteAddress: string | null, headers: IncomingHttpHeaders): string | null {
    const peer = this.#peer(remoteAddress);
    return this.#proxies === null ? peer : this.#proxies.clientOf(peer, headers);
  }

  /** The same of an exchange, where it is read once however many ask. */
  of(exchange: Addressed): string | null {
    let address = exchange.clientAddress;
    if (address === undefined) {
      address = this.read(exchange.remoteAddress, exchange.context.req.headers);
      exchange.clientAddress = address;
    }
    return address;
  }

  /**
   * What a policy leaves of an address.
   *
   * @param full - what {@link read} returned
   */
  apply(full: string | null, policy: IpPolicy): string | null {
    if (full === null || policy === 'none') return null;
    const known = this.#find(full);
    if (known === null) return null;
    return policy === 'full' ? known.full : known.network;
  }

  /** What a policy leaves of `X-Forwarded-For`: with `'full'`, what a trusted proxy sent. */
  forwardedFor(remoteAddress: string | null, headers: IncomingHttpHeaders, policy: IpPolicy): string | null {
    if (policy !== 'full' || this.#proxies === null) return null;
    const line = headerLine(headers['x-forwarded-for']);
    return line !== '' && this.#proxies.trusts(this.#peer(remoteAddress), 0) ? headerText(line) : null;
  }

  #peer(remoteAddress: string | null): string | null {
    return remoteAddress === null ? null : (this.#find(remoteAddress)?.full ?? null);
  }

  #find(text: string): KnownAddress | null {
    let known = this.#known.get(text);
    if (known !== undefined) return known;
    const full = canonicalAddress(text);
    if (full === null) return null;
    known = { full, network: truncateAddress(full) };
    this.#known.set(text, known);
    return known;
  }
}
