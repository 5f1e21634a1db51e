import { BlockList, isIP, isIPv4 } from 'node:net';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { AddressTruncator, truncateAddress } from '../../src/capture/client-address.js';

/** Whether an address lies in the network that begins at `network`, as Node sees it. */
function isInside(address: string, network: string): boolean {
  const list = new BlockList();
  if (isIPv4(network)) list.addSubnet(network, 24, 'ipv4');
  else list.addSubnet(network, 48, 'ipv6');
  // An IPv4-compatible address (RFC 4291, 2.5.5.1, deprecated) counts as the IPv4 address that it holds.
  const mapped = address.replace(/^::(?=\d+\.)/, '::ffff:');
  return list.check(mapped, isIPv4(mapped) ? 'ipv4' : 'ipv6');
}

/** The 16-bit groups of an IPv6 address that has no dots. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const missing = tail === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16),
  );
}

function hasNoHostBits(network: string): boolean {
  if (isIPv4(network)) return network.endsWith('.0');
  const groups = groupsOf(network);
  return groups.length === 8 && groups.slice(3).every((group) => group === 0);
}

describe('truncateAddress', () => {
  it('always yields the /24 or /48 of an address, without host bits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = truncateAddress(address) ?? '';
        expect(isIP(network), network).to.not.equal(0);
        expect(isInside(address, network), `${address} in ${network}`).to.equal(true);
        expect(hasNoHostBits(network), network).to.equal(true);
      }),
    );
  });

  it('always yields the same for every host of a network', () => {
    const octet = fc.nat({ max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, octet, (a, b, c, one, other) => {
        expect(truncateAddress(`${a}.${b}.${c}.${one}`)).to.equal(truncateAddress(`${a}.${b}.${c}.${other}`));
      }),
    );
  });

  it('always yields null or an address, whatever the text', () => {
    const pieces = fc.constantFrom(
      '1',
      '255',
      '256',
      '01',
      '0x7f',
      'ffff',
      '.',
      ':',
      '::',
      '%',
      '/',
      '[',
      ']',
      ' ',
      'é',
    );
    const addressLike = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), addressLike), (text) => {
        const network = truncateAddress(text);
        if (network === null) return;
        expect(isIP(network)).to.not.equal(0);
        expect(hasNoHostBits(network)).to.equal(true);
      }),
    );
  });

  for (const [address, network] of [
    ['203.0.113.77', '203.0.113.0'],
    ['127.0.0.1', '127.0.0.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['::1', '::'],
    ['::ffff:127.0.0.1', '127.0.0.0'],
    ['::FFFF:cb00:714d', '203.0.113.0'],
    ['fe80::1%eth0', 'fe80::'],
  ] as const) {
    it(`truncates ${address} to ${network}`, () => {
      expect(truncateAddress(address)).to.equal(network);
    });
  }

  for (const text of [
    '',
    'localhost',
    'unknown',
    '1.2.3',
    '0x7f.1',
    '2130706433',
    '1.2.3.4.5',
    '1.2.3.4:80',
    '[::1]',
    '1.2.3.4, 5.6.7.8',
    ' 1.2.3.4',
    '::1/64',
  ]) {
    it(`yields null for '${text}', which is no address`, () => {
      expect(truncateAddress(text)).to.equal(null);
    });
  }
});

describe('AddressTruncator', () => {
  it('answers the same for an address that it has seen as for one that it has not', () => {
    const truncator = new AddressTruncator();
    for (const address of ['203.0.113.77', '203.0.113.77', 'nonsense', 'nonsense', '::1', '203.0.114.1']) {
      expect(truncator.truncate(address)).to.equal(truncateAddress(address));
    }
  });

  it('leaves null alone', () => {
    expect(new AddressTruncator().truncate(null)).to.equal(null);
  });
});
