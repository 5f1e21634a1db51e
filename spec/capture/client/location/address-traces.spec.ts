import { expect } from 'chai';
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { AddressTraces } from '../../../../src/capture/client/location/address-traces.js';
import { publicAddress } from '../../../../src/public-address.js';

const anyPublic = fc
  .oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc
      .array(fc.constantFrom('0', '1', 'a0', 'ffff', '2606'), { minLength: 7, maxLength: 7 })
      .map((groups) => ['2a03', ...groups].join(':')),
  )
  .map(publicAddress)
  .filter((address) => address !== null);

/** The ways in which networks, end points and resolvers write an address. */
function spellingsOf(address: string): string[] {
  const parsed = ipaddr.parse(address);
  const bytes = parsed.toByteArray();
  const hex = Buffer.from(bytes).toString('hex');
  const dotted = parsed instanceof ipaddr.IPv4 ? bytes : [...hex];
  const v6 = parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress() : parsed;
  const fixed = Buffer.from(v6.toByteArray())
    .toString('hex')
    .replaceAll(/(?!^).{4}(?=(?:.{4})*$)/g, ':$&');
  return [
    address,
    address.toUpperCase(),
    address.replaceAll(/[:.]/g, '-'),
    address.replaceAll(/[:.]/g, '_'),
    encodeURIComponent(address),
    encodeURIComponent(address).toLowerCase(),
    encodeURIComponent(encodeURIComponent(address)).toLowerCase(),
    address.replaceAll('.', '%2e'),
    dotted.join('.'),
    dotted.toReversed().join('.'),
    dotted.toReversed().join('-'),
    v6.toString(),
    fixed,
    v6.toNormalizedString(),
    fixed.replaceAll(':', '-'),
    hex,
    String(BigInt(`0x${hex}`)),
    ...(bytes.length === 4
      ? [
          bytes.map((octet) => String(octet).padStart(3, '0')).join('.'),
          bytes.map((octet) => String(octet).padStart(3, '0')).join(''),
          `0x${hex.replace(/^0+/, '')}`,
          String(Buffer.from(bytes).readInt32BE()),
          ipaddr
            .fromByteArray([0x20, 0x02, ...bytes, ...Array.from({ length: 10 }, () => 0)])
            .toNormalizedString(),
        ]
      : []),
  ];
}

describe('The traces of an address', () => {
  it('are always found, however it is spelt and whatever stands around it', () => {
    fc.assert(
      fc.property(anyPublic, (address) => {
        const traces = new AddressTraces(address);
        for (const spelling of spellingsOf(address)) {
          for (const text of [
            spelling,
            `seen ${spelling}.`,
            `[${spelling}]:80`,
            `ip-${spelling}.isp.ch`,
            `/${spelling}/32`,
          ]) {
            expect(traces.isIn(text), text).to.equal(true);
            expect(traces.without(text)).to.include('…').and.not.include(spelling);
          }
        }
      }),
      { examples: [['81.2.69.142'], ['1.0.0.0'], ['2606:4700::1111'], ['2a00::'], ['2001:200:0:1::5']] },
    );
  });

  it('are numbers, too', () => {
    for (const [address, number] of [
      ['81.2.69.142', 1359103374],
      ['203.0.114.7', 3405804039],
      ['203.0.114.7', 3405804039 - 2 ** 32],
    ] as const) {
      expect(new AddressTraces(address).isIn(number)).to.equal(true);
      expect(new AddressTraces(address).isIn(number + 1)).to.equal(false);
    }
  });

  it('are hardly ever in what tells of another', () => {
    const traces = new AddressTraces('81.2.69.142');
    for (const text of [
      '81.2.69.14',
      '81.2.69.1420',
      '181.2.69.142',
      '81.2.69.0/24',
      '81.2',
      '47.37, 8.54',
      '',
      '…',
    ]) {
      expect(traces.isIn(text), text).to.equal(false);
      expect(traces.without(text)).to.equal(text);
    }
    const wide = new AddressTraces('2606:4700:1::1');
    for (const text of [
      '2606:4700:1::12',
      '2606:4700:1::/48',
      '2606:4700:1::2',
      '2606:4700:2::1',
      '2606:4700',
    ])
      expect(wide.isIn(text), text).to.equal(false);
    for (const value of [null, true, {}, Number.NaN]) expect(traces.isIn(value)).to.equal(false);
  });
});
