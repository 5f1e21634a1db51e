import { expect } from 'chai';
import { publicAddress } from '../src/public-address.js';

/** Addresses that must never leave the machine, and what is no address. */
const WITHHELD = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  private: ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fd00::1', '::ffff:10.0.0.1'],
  'link-local': ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', '::ffff:169.254.169.254', 'fec0::1'],
  reserved: [
    '0.0.0.0',
    '::',
    '192.0.2.1',
    '198.51.100.7',
    '198.18.0.1',
    '240.0.0.1',
    '2001:db8::1',
    '100::1',
  ],
  shared: ['100.64.0.1', '100.127.255.255'],
  'for many': ['224.0.0.1', '255.255.255.255', 'ff02::1'],
  tunnelled: [
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:a9fe:a9fe::',
    '2001::1',
    '::a9fe:a9fe',
    '::808:808',
  ],
  'outside of what is given out': ['4000::1', '5f00::1', 'e000::1'],
  'no address': [
    '',
    'localhost',
    '1.2.3',
    '8.8.8.8:80',
    '[2606:4700::1111]',
    '0x08080808',
    '134744072',
    '010.8.8.8',
  ],
};

describe('A public address', () => {
  for (const [kind, addresses] of Object.entries(WITHHELD)) {
    for (const address of addresses) {
      it(`is not '${address}', which is ${kind}`, () => {
        expect(publicAddress(address)).to.equal(null);
      });
    }
  }

  it('has one spelling', () => {
    expect(publicAddress('8.8.8.8')).to.equal('8.8.8.8');
    expect(publicAddress('::ffff:8.8.8.8')).to.equal('8.8.8.8');
    expect(publicAddress('::FFFF:0808:0808')).to.equal('8.8.8.8');
    expect(publicAddress('2606:4700:0:0:0:0:0:1111')).to.equal('2606:4700::1111');
    expect(publicAddress('2606:4700::1111%eth0')).to.equal('2606:4700::1111');
  });
});
