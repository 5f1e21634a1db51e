import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { canonicalAddress } from '../../../../src/capture/client/address/address-text.js';
import { ClientAddresses, applyPolicy } from '../../../../src/capture/client/address/client-address.js';
import type { TrustProxy } from '../../../../src/options/address-options.js';
import { resolveTrackerOptions } from '../../../../src/options/tracker-options.js';
import { anyText } from '../../../support/any-text.js';
import { hasNoHostBits } from '../../../support/networks.js';

/** The addresses of proxies, all of them trusted; loopback, where several may share one. */
const proxyAddress = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  '2001:db8:ff::1',
  '127.0.0.1',
  '::ffff:127.0.0.1',
);
const TRUSTED = ['10.0.0.0/8', '2001:db8:ff::/48', 'loopback'];

/** Addresses of nobody whom anyone trusts. */
const clientAddress = fc.oneof(
  fc.nat({ max: 255 }).map((last) => `203.0.113.${last}`),
  fc.nat({ max: 0xffff }).map((last) => `2001:db8:1:2::${last.toString(16)}`),
);

/** What a stranger wants to be taken for: another stranger, a proxy, or text that was made to confuse. */
const wanted = fc.oneof(
  fc.nat({ max: 255 }).map((last) => `198.51.100.${last}`),
  proxyAddress,
);
const lie = fc.oneof(
  { weight: 4, arbitrary: wanted },
  {
    weight: 2,
    arbitrary: wanted.map((address) => `for="${address.includes(':') ? `[${address}]` : address}:80"`),
  },
  { weight: 1, arbitrary: wanted.map((address) => `for=${address};host="`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('unknown', 'for=_hidden', '"', '\\', ',', ';', '', '<script>', '127.1', '1'),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[\t -~\u0080-\u00ff]{0,30}$/) },
);
const lies = fc.option(
  fc.array(lie, { minLength: 1, maxLength: 6 }).map((entries) => entries.join(', ')),
  { nil: undefined },
);

/** A proxy: where it stands, which headers it writes, and how. */
const proxy = fc.record({
  address: proxyAddress,
  writes: fc.constantFrom('x-forwarded-for', 'forwarded', 'both'),
  withPort: fc.boolean(),
});
type Proxy = typeof proxy extends fc.Arbitrary<infer Value> ? Value : never;

function append(
  headers: IncomingHttpHeaders,
  peer: string,
  { writes, withPort }: Proxy,
): IncomingHttpHeaders {
  const node = (peer.includes(':') ? `[${peer}]` : peer) + (withPort ? ':4711' : '');
  const add = (before: string | undefined, entry: string): string =>
    before === undefined ? entry : `${before}, ${entry}`;
  const xForwardedFor = headers['x-forwarded-for'] as string | undefined;
  return {
    ...headers,
    ...(writes !== 'forwarded' && { 'x-forwarded-for': add(xForwardedFor, withPort ? node : peer) }),
    ...(writes !== 'x-forwarded-for' && { forwarded: add(headers.forwarded, `for="${node}";proto=https`) }),
  };
}

function addressesOf(trustProxy: TrustProxy): ClientAddresses {
  return new ClientAddresses(resolveTrackerOptions({ trustProxy }), (error) => {
    throw error;
  });
}

const byRange = addressesOf(TRUSTED);
const byFunction = addressesOf((address) => /^(10\.|127\.|2001:db8:ff:)/.test(address));
const byCount = Array.from({ length: 6 }, (_, count) => addressesOf(count));
const byNobody = addressesOf(false);

/** Proxies can be counted in a header that all of them write. */
function counting(chain: readonly Proxy[]): ClientAddresses {
  const isWhole = (header: Proxy['writes']): boolean =>
    chain.every(({ writes }) => writes === header || writes === 'both');
  return (isWhole('x-forwarded-for') || isWhole('forwarded') ? byCount[chain.length] : null) ?? byNobody;
}

describe('An untrusted party', () => {
  it('never chooses the address, whatever headers it sends through whatever chain of trusted proxies', () => {
    fc.assert(
      fc.property(
        clientAddress,
        fc.array(proxy, { maxLength: 4 }),
        lies,
        lies,
        (client, chain, xForwardedFor, forwarded) => {
          let headers: IncomingHttpHeaders = {
            ...(xForwardedFor !== undefined && { 'x-forwarded-for': xForwardedFor }),
            ...(forwarded !== undefined && { forwarded }),
          };
          let peer = client;
          for (const hop of chain) {
            headers = append(headers, peer, hop);
            peer = hop.address;
          }
          const truths = [client, ...chain.map(({ address }) => address)].map(canonicalAddress);
          const socket = canonicalAddress(peer);
          expect(byNobody.read(peer, headers)?.full).to.equal(socket);
          for (const addresses of [byRange, byFunction, counting(chain)]) {
            expect(truths).to.include(addresses.read(peer, headers)?.full);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is known by its address where every proxy writes the header that it read, and it sent no other', () => {
    const sameHeader = fc.constantFrom('x-forwarded-for' as const, 'forwarded' as const);
    fc.assert(
      fc.property(
        clientAddress,
        fc.array(proxy, { minLength: 1, maxLength: 4 }),
        lies,
        sameHeader,
        (client, chain, sent, writes) => {
          let headers: IncomingHttpHeaders = sent === undefined ? {} : { [writes]: sent };
          let peer = client;
          for (const hop of chain) {
            headers = append(headers, peer, { ...hop, writes });
            peer = hop.address;
          }
          for (const addresses of [byRange, byFunction, byCount[chain.length] ?? byNobody]) {
            expect(addresses.read(peer, headers)?.full).to.equal(canonicalAddress(client));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('The stored address', () => {
  it('is always null or an address that the policy allows, whatever the socket and the headers', () => {
    const anyHeader = fc.option(fc.oneof(lies, anyText(), fc.array(fc.string())), {
      nil: undefined,
    });
    const anyPeer = fc.oneof(
      clientAddress,
      proxyAddress,
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(anyPeer, anyHeader, anyHeader, (peer, xForwardedFor, forwarded) => {
        const headers = { 'x-forwarded-for': xForwardedFor, forwarded } as IncomingHttpHeaders;
        for (const addresses of [byNobody, byRange, byFunction, ...byCount]) {
          const address = addresses.read(peer, headers);
          const full = address?.full ?? null;
          expect(full === null || isIP(full) !== 0, String(full)).to.equal(true);
          expect(applyPolicy(address, 'full')).to.equal(full);
          expect(applyPolicy(address, 'none')).to.equal(null);
          expect(addresses.forwardedFor(peer, headers, 'truncate')).to.equal(null);
          expect(addresses.forwardedFor(peer, headers, 'none')).to.equal(null);
          const network = applyPolicy(address, 'truncate');
          if (full === null) expect(network).to.equal(null);
          else expect(hasNoHostBits(network ?? ''), `${full} to ${network}`).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
