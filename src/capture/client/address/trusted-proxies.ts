import type { IncomingHttpHeaders } from 'node:http';
import { MAX_HOPS, type ProxyTrust } from '../../../options/address-options.js';
import type { Address } from '../../exchange/exchange.js';
import { errorTypeOf } from '../../exchange/error-type.js';
import { type Hops, forwardedHops, isSoleEntry, trimBlanks, xForwardedForHops } from './forwarded-header.js';

/** Reads an address as it was written; null if it is none. */
type AddressReader = (text: string, whole: string) => Address | null;

/** A header, and the hops that it names. */
interface Claim {
  readonly header: string;
  readonly next: Hops;
}

/** Walks from the socket to the client, as far as trusted proxies tell the way. */
export class TrustedProxies {
  readonly #trust: ProxyTrust;
  readonly #read: AddressReader;
  readonly #onFault: (error: Error) => void;

  /** @param onFault - is told when the application's own function throws */
  constructor(trust: ProxyTrust, read: AddressReader, onFault: (error: Error) => void) {
    this.#trust = trust;
    this.#read = read;
    this.#onFault = onFault;
  }

  /**
   * The first hop that is not a trusted proxy.
   *
   * A proxy writes `Forwarded` or `X-Forwarded-For`, and passes the other header on as the client sent it. If both headers
   * were sent, the walk goes on while both name one hop: a client may invent a hop that only one of the headers names.
   * An entry that is no address ends the walk: a trusted proxy then says that it does not know the client.
   *
   * @param peer - the socket's address; null if it has none
   * @returns null if the client is not known
   */
  clientOf(peer: Address | null, headers: IncomingHttpHeaders): Address | null {
    if (!this.trusts(peer, 0)) return peer;
    const { forwarded, 'x-forwarded-for': forwardedFor } = headers;
    // The header of most proxies needs no walk, which would make a few objects a request.
    if (forwarded === undefined && isSoleEntry(forwardedFor)) return this.#read(forwardedFor, forwardedFor);
    const claims = claimsOf(headers);
    let address = peer;
    for (let hop = 1; hop <= MAX_HOPS; hop += 1) {
      const next = this.#next(claims);
      if (next === undefined) return address;
      address = next;
      if (address === null || !this.trusts(address, hop)) return address;
    }
    return address;
  }

  /** Whether a hop is a trusted proxy. A hop that cannot be judged is none. */
  trusts(address: Address | null, hop: number): boolean {
    if (!this.#trust.isSteady || address === null) return this.#ask(address, hop);
    address.isTrusted ??= this.#ask(address, hop);
    return address.isTrusted;
  }

  #ask(address: Address | null, hop: number): boolean {
    try {
      const answer = this.#trust.trusts(address?.full ?? null, hop);
      if (typeof answer === 'boolean') return answer;
      // Without a listener, a promise that rejects would end the process.
      Promise.resolve(answer).catch(() => undefined);
      this.#onFault(new TypeError(`it returned a value of type ${typeof answer}; expected true or false`));
    } catch (error) {
      // The error's own message may name the address, which no line of a log may hold.
      this.#onFault(new Error(`it threw; the type is ${errorTypeOf(error)}`));
    }
    return false;
  }

  /** @returns undefined where the headers end or disagree */
  #next([first, second]: readonly Claim[]): Address | null | undefined {
    if (first === undefined) return undefined;
    const next = this.#nextOf(first);
    if (second === undefined || next === undefined) return next;
    const other = this.#nextOf(second);
    return other !== undefined && other?.full === next?.full ? next : undefined;
  }

  #nextOf({ header, next }: Claim): Address | null | undefined {
    const text = next();
    return text === undefined ? undefined : this.#read(text, header);
  }
}

/** The headers that were sent, without empty ones. */
function claimsOf(headers: IncomingHttpHeaders): Claim[] {
  const forwardedFor = headerLine(headers['x-forwarded-for']);
  const forwarded = headerLine(headers['forwarded']);
  const claims: Claim[] = [];
  if (forwardedFor !== '') claims.push({ header: forwardedFor, next: xForwardedForHops(forwardedFor) });
  if (forwarded !== '') claims.push({ header: forwarded, next: forwardedHops(forwarded) });
  return claims;
}

/** A header's lines as one; empty if it was not sent. */
export function headerLine(value: string | readonly string[] | undefined): string {
  if (value === undefined) return '';
  return trimBlanks(typeof value === 'string' ? value : value.join(', '));
}
