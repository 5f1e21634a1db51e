import { lookup } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { TrackUsageError } from '../errors.js';
import { publicAddress } from '../public-address.js';

/** The hosts that a redirect may lead to. */
export interface Reach {
  /** Whether an address is public. */
  readonly isPublic: (address: string) => boolean;
  /** Asks the system for all addresses of a host. */
  readonly resolve: LookupFunction;
}

/** All public hosts, as the system's resolver finds them. */
export const INTERNET: Reach = {
  isPublic: (address) => publicAddress(address) !== null,
  resolve: lookup,
};

/**
 * A resolver for sockets that refuses a host if one of its addresses is not public. The socket connects to the
 * addresses that were checked, so that a name cannot change its meaning in between (DNS rebinding).
 */
export function publicOnly({ isPublic, resolve }: Reach): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : [];
      const [first] = addresses;
      if (error !== null || first === undefined) {
        callback(error ?? notPublic(), '');
      } else if (!addresses.every(({ address }) => isPublic(address))) {
        callback(notPublic(), '');
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/**
 * Where a redirect leads, without credentials.
 *
 * @throws {TrackUsageError} `GEO_SOURCE` if the redirect is not followed: to no URL, to another protocol, from https
 *   to http, or to an address that is not public
 */
export function nextHop(from: URL, location: string | undefined, { isPublic }: Reach): URL {
  if (location === undefined || !URL.canParse(location, from.href)) throw unusable('redirects to nowhere');
  const next = new URL(location, from);
  const isWeb = next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:');
  if (!isWeb) throw unusable(`redirects to a URL of ${next.protocol}, which is not followed`);
  // A socket asks its resolver about names alone, and connects to an address as it is.
  const host = next.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isPublic(host)) throw notPublic();
  next.username = '';
  next.password = '';
  return next;
}

/**
 * Makes the error of an end point.
 *
 * @param does - the end of a sentence whose subject is the end point
 */
export function unusable(does: string): TrackUsageError {
  return new TrackUsageError('GEO_SOURCE', `httpGeo: the end point ${does}.`);
}

function notPublic(): TrackUsageError {
  return unusable('redirects to a host that is not public, which is not followed');
}
