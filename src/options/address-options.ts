import { isIP, isIPv4 } from 'node:net';
import proxyAddr from 'proxy-addr';
import type { IpPolicy } from '../metadata/data-policy.js';
import { type OptionPlace, isFunction, option, refuseOption, show } from '../option-reader.js';

/** The trusted proxies: their number, their addresses, or a function that knows them. */
export type TrustProxy =
  | false
  | number
  | string
  | readonly string[]
  | ((address: string, hop: number) => boolean);

/** Whether a hop is a trusted proxy: only `true` counts as yes. A Unix domain socket has no address. */
export type TrustFunction = (address: string | null, hop: number) => unknown;

/** Tells which hops are trusted proxies. */
export interface ProxyTrust {
  readonly trusts: TrustFunction;
  /** Whether the answer depends on the address alone and never changes, so that it can be remembered. */
  readonly isSteady: boolean;
  /** Whether the application's own function answers. */
  readonly isCallback: boolean;
}

/** The settings that concern the client's address. */
export interface AddressSettings {
  /** Null where no header counts. */
  readonly trustProxy: ProxyTrust | null;
  readonly ip: IpPolicy;
}

/** The most hops of a header that are looked at. */
export const MAX_HOPS = 32;

const NAMED_RANGES: readonly string[] = ['loopback', 'linklocal', 'uniquelocal'];
const EXPECTED =
  `false, a number of proxies from 0 to ${MAX_HOPS}, an address, a range such as '10.0.0.0/8', ` +
  `${NAMED_RANGES.map((name) => `'${name}'`).join(', ')}, a list of these, or a function`;
const WHY_NOT_TRUE =
  'true would trust everybody, so that any client could choose the address that is recorded';

/** The option `trustProxy`: null where no header counts. */
export function trustedProxies(): TrustProxy | undefined {
  return option<TrustProxy>({ default: null, expected: EXPECTED, convert: resolveTrust });
}

function resolveTrust(trust: unknown, place: OptionPlace): ProxyTrust | null {
  if (trust === false || trust === 0) return null;
  if (trust === true) refuseOption(place, trust, `${EXPECTED}; ${WHY_NOT_TRUE}`);
  if (isFunction(trust)) return ofFunction(trust as (address: string, hop: number) => unknown, true);
  if (typeof trust === 'number' && Number.isInteger(trust) && trust > 0 && trust <= MAX_HOPS)
    return { trusts: (_, hop) => hop < trust, isSteady: false, isCallback: false };
  const ranges: unknown = typeof trust === 'string' ? [trust] : trust;
  if (!Array.isArray(ranges)) return refuseOption(place, trust, EXPECTED);
  const wrong = ranges.findIndex((range: unknown) => !isRange(range));
  if (wrong >= 0) refuseOption(place, trust, `${EXPECTED}; ${show(ranges[wrong])} is none of these`);
  return ranges.length === 0 ? null : ofFunction(proxyAddr.compile(ranges as string[]), false);
}

/** A socket without an address is on no list. */
function ofFunction(trusts: (address: string, hop: number) => unknown, isCallback: boolean): ProxyTrust {
  const ofAddress: TrustFunction = (address, hop) => address !== null && trusts(address, hop);
  return { trusts: ofAddress, isSteady: !isCallback, isCallback };
}

/** proxy-addr would take `'1'` for 0.0.0.1. It refuses a range of everybody, but not all of IPv4 as IPv6. */
function isRange(range: unknown): range is string {
  if (typeof range !== 'string') return false;
  if (NAMED_RANGES.includes(range)) return true;
  const [address = '', size, ...rest] = range.split('/');
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return false;
  if (size !== undefined && !/^\d{1,3}$/.test(size) && !isIPv4(size)) return false;
  try {
    const trusts = proxyAddr.compile(range);
    return !(trusts('0.0.0.0', 0) && trusts('255.255.255.255', 0));
  } catch {
    return false;
  }
}
