import { type OptionPlace, refuseOption } from '../../option-reader.js';

/** The usable values of `servers`, in the words of an error. */
export const SERVER_URLS =
  "'nats://host:4222', 'tls://host:4222' or 'nats://user:password@host:4222', several of them in a list or behind commas, all with one user; " +
  'an address of IPv6 stands in brackets, and user and password are percent-encoded, so that % is %25';

/** Servers, and who connects to them. */
export interface Servers {
  /** Each with its port, if one was given. */
  readonly hosts: readonly string[];
  /** Whether one of them is `tls://`. */
  readonly isSecure: boolean;
  /** Who connects; empty if no URL says. */
  readonly login: { readonly user?: string; readonly pass?: string; readonly token?: string };
}

/**
 * Reads the URLs of servers, as the client heeds neither a user nor `tls` that stands in one.
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if one of them is none, or users differ
 */
export function readServers(given: string | readonly string[], place: OptionPlace): Servers {
  try {
    const urls = [given].flat().flatMap((list) => list.split(',').map(readUrl));
    const [first, ...others] = urls.filter(({ username }) => username !== '');
    const isOneUser = others.every(
      ({ username, password }) => username === first?.username && password === first.password,
    );
    if (!isOneUser) throw new Error('several users');
    return {
      hosts: urls.map(({ host }) => host),
      isSecure: urls.some(({ protocol }) => protocol === 'tls:'),
      login: first === undefined ? {} : loginOf(first),
    };
  } catch {
    // An error of URL or decodeURIComponent may hold the password.
    return refuseOption(place, given, SERVER_URLS, true);
  }
}

/** @throws {Error} if the text is no URL of a server */
function readUrl(text: string): URL {
  const url = new URL(text.includes('://') ? text.trim() : `nats://${text.trim()}`);
  const { protocol, username, password, host, pathname, search, hash } = url;
  const isServer =
    ['nats:', 'tls:'].includes(protocol) && host !== '' && ['', '/'].includes(pathname + search + hash);
  if (!isServer || (username === '' && password !== '')) throw new Error('no server');
  return url;
}

/** A user without a password is a token, as in other clients of NATS. */
function loginOf({ username, password }: URL): Servers['login'] {
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return pass === '' ? { token: user } : { user, pass };
}
