import type { IncomingHttpHeaders } from 'node:http';
import QuickLRU from 'quick-lru';
import type { IpPolicy } from '../../../metadata/data-policy.js';
import type { AddressSettings } from '../../../options/address-options.js';
import { type KeptContext, callIn } from '../../../time/own-context.js';
import type { Address } from '../../exchange/exchange.js';
import { readAddress, withoutPort } from './address-text.js';
import { headerText } from '../../request/header-text.js';
import { detached } from '../../request/request-target.js';
import { TrustedProxies, headerLine } from './trusted-proxies.js';

/** Addresses kept, at least, so that a returning client's is not parsed again; the cache holds up to twice as many. */
const CACHED_ADDRESSES = 12_000;

/** What of an exchange tells the client's address. */
export interface Addressed {
  /** What the application's own `trustProxy` is called in. */
  readonly asyncContext: KeptContext | null;
  readonly remoteAddress: string | null;
  readonly context: { readonly req: { readonly headers: IncomingHttpHeaders } };
  /** What was read; undefined while it was not. */
  clientAddress: Address | null | undefined;
}

/** Tells the addresses of clients, and how much of them may be kept. It remembers those that it saw last. */
export class ClientAddresses {
  readonly #proxies: TrustedProxies | null;
  readonly #known = new QuickLRU<string, Address>({ maxSize: CACHED_ADDRESSES });

  /** @param onFault - is told when the function that was given as `trustProxy` throws */
  constructor({ trustProxy }: Pick<AddressSettings, 'trustProxy'>, onFault: (error: Error) => void) {
    const read = (entry: string, header: string): Address | null =>
      // Most entries have no port, and are known.
      this.#known.get(entry) ?? this.#find(detached(withoutPort(entry), header));
    this.#proxies = trustProxy === null ? null : new TrustedProxies(trustProxy, read, onFault);
  }

  /**
   * The client's address. Without trusted proxies, no header is looked at.
   *
   * @param remoteAddress - the socket's; null if it has none
   * @returns null if it is not known
   */
  readonly read = (remoteAddress: string | null, headers: IncomingHttpHeaders): Address | null => {
    const peer = this.#peer(remoteAddress);
    return this.#proxies === null ? peer : this.#proxies.clientOf(peer, headers);
  };

  /** The same of an exchange, where it is read once however many ask. */
  of(exchange: Addressed): Address | null {
    let address = exchange.clientAddress;
    if (address === undefined) {
      const { asyncContext, remoteAddress, context } = exchange;
      address = callIn(asyncContext, this.read, remoteAddress, context.req.headers);
      exchange.clientAddress = address;
    }
    return address;
  }

  /** What a policy leaves of `X-Forwarded-For`: with `'full'`, what a trusted proxy sent. */
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

/** What a policy leaves of an address. */
export function applyPolicy(address: Address | null, policy: IpPolicy): string | null {
  if (address === null || policy === 'none') return null;
  return policy === 'full' ? address.full : address.network;
}
