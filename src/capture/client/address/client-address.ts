import type { IncomingHttpHeaders } from 'node:http';
import QuickLRU from 'quick-lru';
import type { IpPolicy } from '../../../metadata/data-policy.js';
import type { AddressSettings } from '../../../options/address-options.js';
import { callIn } from '../../../time/own-context.js';
import type { Address, Exchange } from '../../exchange/exchange.js';
import { readAddress, withoutPort } from './address-text.js';
import { headerText } from '../../request/header-text.js';
import { detached } from '../../request/request-target.js';
import { TrustedProxies, headerLine } from './trusted-proxies.js';

/** Addresses kept, at least, so that each is parsed once; the cache holds up to twice as many. */
const CACHED_ADDRESSES = 12_000;

/** Reads clients' addresses, applies policies to them, and remembers the last addresses. */
export class ClientAddresses {
  readonly #proxies: TrustedProxies | null;
  readonly #known = new QuickLRU<string, Address>({ maxSize: CACHED_ADDRESSES });

  /** @param onFault - is told when the function that was given as `trustProxy` throws */
  constructor({ trustProxy }: Pick<AddressSettings, 'trustProxy'>, onFault: (error: Error) => void) {
    const read = (entry: string, header: string): Address | null =>
      // Most entries have no port, and are in the cache.
      this.#known.get(entry) ?? this.#find(detached(withoutPort(entry), header));
    this.#proxies = trustProxy === null ? null : new TrustedProxies(trustProxy, read, onFault);
  }

  /**
   * The client's address. Without trusted proxies, no header is looked at.
   *
   * @param remoteAddress - the socket's; null if it has none
   * @returns null if the address is not known
   */
  readonly read = (remoteAddress: string | null, headers: IncomingHttpHeaders): Address | null => {
    const peer = this.#peer(remoteAddress);
    return this.#proxies === null ? peer : this.#proxies.clientOf(peer, headers);
  };

  /** The address of an exchange's client, which is read once and then kept on the exchange. */
  of(exchange: Exchange): Address | null {
    let address = exchange.clientAddress;
    if (address === undefined) {
      const { asyncContext, remoteAddress, context } = exchange;
      address = callIn(asyncContext, this.read, remoteAddress, context.req.headers);
      exchange.clientAddress = address;
    }
    return address;
  }

  /** The `X-Forwarded-For` that a policy keeps: with `'full'`, the header that a trusted proxy sent. */
  readonly forwardedFor = (
    remoteAddress: string | null,
    headers: IncomingHttpHeaders,
    policy: IpPolicy,
  ): string | null => {
    if (policy !== 'full' || this.#proxies === null) return null;
    const line = headerLine(headers['x-forwarded-for']);
    return line !== '' && this.#proxies.trusts(this.#peer(remoteAddress), 0) ? headerText(line) : null;
  };

  #peer(remoteAddress: string | null): Address | null {
    return remoteAddress === null ? null : this.#find(remoteAddress);
  }

  #find(text: string): Address | null {
    let known: Address | null | undefined = this.#known.get(text);
    if (known !== undefined) return known;
    known = readAddress(text);
    if (known !== null) this.#known.set(text, known);
    return known;
  }
}

/** The part of an address that a policy keeps. */
export function applyPolicy(address: Address | null, policy: IpPolicy): string | null {
  if (address === null || policy === 'none') return null;
  return policy === 'full' ? address.full : address.network;
}
