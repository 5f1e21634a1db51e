import { isIP } from 'node:net';
import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  canonicalAddress,
  truncateAddress,
  withoutPort,
} from '../../../../src/capture/client/address/address-text.js';
import { anyText } from '../../../support/any-text.js';
import { hasNoHostBits, isInside } from '../../../support/networks.js';

/** Text, and text that looks like an address. */
const anyInput = fc.oneof(
  anyText(),
  fc
    .array(
      fc.constantFrom(
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
        '_x',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);
const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6());

describe('canonicalAddress', () => {
  it('always yields null or an address that it leaves as it is', () => {
    fc.assert(
      fc.property(anyInput, (text) => {
        const address = canonicalAddress(text);
        if (address === null) return;
        expect(isIP(text), text).to.not.equal(0);
        expect(isIP(address), address).to.not.equal(0);
        expect(canonicalAddress(address)).to.equal(address);
      }),
    );
  });

  it('always takes an address for the one that it is', () => {
    fc.assert(
      fc.property(anyAddress, (text) => {
        const address = canonicalAddress(text) ?? '';
        expect(isIP(address), address).to.not.equal(0);
        // RFC 5952 leaves one way to write an address, and URL knows it.
        if (address.includes(':')) expect(`[${address}]`).to.equal(new URL(`http://[${text}]`).hostname);
        else expect(address).to.equal(new URL(`http://${text.replace(/^::ffff:/i, '')}`).hostname);
      }),
    );
  });

  for (const [text, address] of [
    ['203.0.113.77', '203.0.113.77'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:cb00:714d', '203.0.113.77'],
    ['0:0:0:0:0:ffff:203.0.113.77', '203.0.113.77'],
    ['::203.0.113.77', '::cb00:714d'],
    ['64:ff9b::203.0.113.77', '64:ff9b::cb00:714d'],
    ['2001:0DB8::0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.77%eth0', '203.0.113.77'],
  ] as const) {
    it(`writes ${text} as ${address}`, () => {
      expect(canonicalAddress(text)).to.equal(address);
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
    '1.2.3.4%eth0',
    '01.2.3.4',
    '::ffff:01.2.3.4',
    '[::1]',
    '1.2.3.4, 5.6.7.8',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '::1/64',
    'fe80::1%',
    `fe80::1%${'x'.repeat(57)}`,
  ]) {
    it(`yields null for '${text}', which is not an address`, () => {
      expect(canonicalAddress(text)).to.equal(null);
    });
  }
});

describe('truncateAddress', () => {
  it('always yields the /24 or /48 of an address, without host bits', () => {
    fc.assert(
      fc.property(anyAddress, (text) => {
        const address = canonicalAddress(text) ?? '';
        const network = truncateAddress(address);
        expect(isIP(network), network).to.equal(isIP(address));
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

  for (const [address, network] of [
    ['203.0.113.77', '203.0.113.0'],
    ['127.0.0.1', '127.0.0.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['::1', '::'],
    ['2002:cb00:714d:1:2:3:4:5', '2002:cb00:7100::'],
    ['2002:cb00:714d::', '2002:cb00:7100::'],
    ['64:ff9b::cb00:714d', '64:ff9b::'],
  ] as const) {
    it(`truncates ${address} to ${network}`, () => {
      expect(truncateAddress(address)).to.equal(network);
    });
  }
});

describe('withoutPort', () => {
  it('always leaves an address as it is, with a port or without', () => {
    fc.assert(
      fc.property(anyAddress, fc.nat({ max: 65_535 }), (address, port) => {
        const host = address.includes(':') ? `[${address}]` : address;
        for (const entry of [address, host, `${host}:${port}`, `${host}:_hidden`]) {
          expect(withoutPort(entry)).to.equal(address);
        }
      }),
    );
  });

  it('never makes an address of what is none', () => {
    fc.assert(
      fc.property(anyInput, (text) => {
        const address = withoutPort(text);
        if (isIP(address) !== 0) expect(text).to.include(address);
      }),
    );
    for (const text of [
      '[1.2.3.4]',
      '[]',
      '[::1',
      '::1]',
      '1.2.3.4:',
      '1.2.3.4:65536',
      '[::1]:99999',
      '1.2.3.4:x',
    ]) {
      expect(isIP(withoutPort(text)), text).to.equal(0);
    }
  });
});
