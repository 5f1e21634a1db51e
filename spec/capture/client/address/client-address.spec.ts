import type { IncomingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClientAddresses, applyPolicy } from '../../../../src/capture/client/address/client-address.js';
import { resolveTrackerOptions } from '../../../../src/options/tracker-options.js';
import type { TrustProxy } from '../../../../src/index.js';
import { ADDRESS_CASES, type AddressCase } from '../../../support/address-cases.js';

function headersOf({ xForwardedFor, forwarded }: Partial<AddressCase>): IncomingHttpHeaders {
  return {
    ...(xForwardedFor !== undefined && { 'x-forwarded-for': xForwardedFor }),
    ...(forwarded !== undefined && { forwarded }),
  };
}

/** Headers that nobody may look at. */
const UNTOUCHABLE = new Proxy<IncomingHttpHeaders>(
  {},
  {
    get() {
      throw new Error('a header was looked at');
    },
  },
);

describe('ClientAddresses', () => {
  let faults: Error[];

  beforeEach(() => {
    faults = [];
  });

  function addressesOf(trustProxy: unknown): ClientAddresses {
    const settings = resolveTrackerOptions({ trustProxy: trustProxy as TrustProxy });
    return new ClientAddresses(settings, (error) => faults.push(error));
  }

  it('are shown by a table of many rows', () => {
    expect(ADDRESS_CASES).to.have.length.above(100);
    expect(new Set(ADDRESS_CASES.map(({ what }) => what))).to.have.property('size', ADDRESS_CASES.length);
  });

  for (const row of ADDRESS_CASES) {
    it(`reads ${row.what}`, () => {
      const addresses = addressesOf(row.trustProxy);
      // The second time, they are known.
      for (let time = 0; time < 2; time += 1) {
        const address = addresses.read('127.0.0.1', headersOf(row));
        expect(address?.full ?? null).to.equal(row.expected);
        expect(applyPolicy(address, 'full')).to.equal(row.expected);
        expect(applyPolicy(address, 'none')).to.equal(null);
        if (row.truncated !== undefined) expect(applyPolicy(address, 'truncate')).to.equal(row.truncated);
      }
      expect(faults).to.deep.equal([]);
    });
  }

  for (const [peer, expected] of [
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['nonsense', null],
    [null, null],
  ] as const) {
    it(`reads the socket's address ${String(peer)} without looking at a header`, () => {
      expect(addressesOf(false).read(peer, UNTOUCHABLE)?.full ?? null).to.equal(expected);
      expect(addressesOf(false).forwardedFor(peer, UNTOUCHABLE, 'full')).to.equal(null);
    });
  }

  it('looks at no header of a socket that it does not trust', () => {
    expect(addressesOf('loopback').read('10.0.0.1', UNTOUCHABLE)?.full).to.equal('10.0.0.1');
  });

  for (const [trusted, trustProxy] of [
    ['as many as may be given', 32],
    ['all, as a function says,', () => true],
    ['all, by their range,', '10.0.0.0/8'],
  ] as const) {
    it(`follows 32 proxies and no more where it trusts ${trusted}`, () => {
      const hops = Array.from({ length: 40 }, (_, index) => `10.0.0.${40 - index}`);
      for (const headers of [
        { 'x-forwarded-for': hops.join(', ') },
        { forwarded: hops.map((hop) => `for=${hop}`).join(', ') },
      ])
        expect(addressesOf(trustProxy).read('10.0.1.1', headers)?.full).to.equal('10.0.0.32');
    });
  }

  it('follows proxies on a Unix domain socket, which has no address, by their number alone', () => {
    const headers = headersOf({ xForwardedFor: '6.6.6.6, 203.0.113.7' });
    expect(addressesOf(1).read(null, headers)?.full).to.equal('203.0.113.7');
    expect(addressesOf('loopback').read(null, headers)).to.equal(null);
    expect(addressesOf(() => true).read(null, headers)).to.equal(null);
  });

  it('remembers addresses, and forgets those that it has not seen for long', () => {
    const addresses = addressesOf(false);
    const address = addresses.read('8.8.8.8', {});
    expect(addresses.read('8.8.8.8', {})).to.equal(address);
    for (let other = 0; other < 30_000; other += 1) {
      addresses.read(`10.1.${other >> 8}.${other & 255}`, {});
    }
    const again = addresses.read('8.8.8.8', {});
    expect(again).to.deep.equal(address);
    expect(again).to.not.equal(address);
  });

  it('takes headers that something before it has made a list of', () => {
    const headers = { 'x-forwarded-for': ['6.6.6.6', '203.0.113.7'] as never };
    expect(addressesOf('loopback').read('127.0.0.1', headers)?.full).to.equal('203.0.113.7');
  });

  it('asks a function with the address as it is stored, once a hop', () => {
    const asked: [string, number][] = [];
    const addresses = addressesOf((address: string, hop: number) => asked.push([address, hop]) < 3);
    const headers = headersOf({
      xForwardedFor: '[::FFFF:10.0.0.9]:80, 10.0.0.2',
      forwarded: 'for=10.0.0.9, for=10.0.0.2',
    });
    expect(addresses.read('::ffff:127.0.0.1', headers)?.full).to.equal('10.0.0.9');
    expect(asked).to.deep.equal([
      ['127.0.0.1', 0],
      ['10.0.0.2', 1],
      ['10.0.0.9', 2],
    ]);
  });

  it('does not trust a hop on which a function throws, and repeats nothing of what it says', () => {
    const addresses = addressesOf((address: string) => {
      if (address === '10.0.0.2') throw new RangeError(`what is ${address}?`);
      return true;
    });
    const headers = headersOf({ xForwardedFor: '6.6.6.6, 10.0.0.2, 10.0.0.3' });
    expect(addresses.read('127.0.0.1', headers)?.full).to.equal('10.0.0.2');
    expect(faults.map(({ message }) => message)).to.deep.equal(['it threw; the type is RangeError']);
  });

  for (const [answer, type] of [
    [1, 'number'],
    ['yes', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
    [Promise.resolve(true), 'object'],
  ] as const) {
    it(`does not trust a hop for which a function returns a value of type ${type}, ${inspect(answer)}`, () => {
      const headers = headersOf({ xForwardedFor: '6.6.6.6' });
      expect(addressesOf(() => answer).read('127.0.0.1', headers)?.full).to.equal('127.0.0.1');
      expect(faults.map(({ message }) => message)).to.deep.equal([
        `it returned a value of type ${type}; expected true or false`,
      ]);
    });
  }

  it('keeps X-Forwarded-For from a trusted proxy, and only if all of an address is kept', () => {
    const addresses = addressesOf('loopback');
    const headers = headersOf({ xForwardedFor: 'caf\u00C3\u00A9, 203.0.113.7' });
    expect(addresses.forwardedFor('127.0.0.1', headers, 'full')).to.equal('café, 203.0.113.7');
    expect(addresses.forwardedFor('127.0.0.1', headers, 'truncate')).to.equal(null);
    expect(addresses.forwardedFor('127.0.0.1', headers, 'none')).to.equal(null);
    expect(addresses.forwardedFor('10.0.0.1', headers, 'full')).to.equal(null);
    expect(addresses.forwardedFor('127.0.0.1', {}, 'full')).to.equal(null);
  });

  it('yields nothing of what is no address', () => {
    for (const policy of ['full', 'truncate', 'none'] as const) {
      expect(applyPolicy(addressesOf(false).read('<script>', {}), policy)).to.equal(null);
      expect(applyPolicy(null, policy)).to.equal(null);
    }
  });
});
