import { expect } from 'chai';
import { NEEDLES, SHORT_NEEDLES, found, needlesOfSalt } from './search.js';
import { HIDDEN, SKIPPED, TRUNCATED, ipv4, ipv6, secret } from './secrets.js';

/** Ways to write bytes. */
const SPELLINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'as it is': (bytes) => bytes.toString('latin1'),
  'in capitals': (bytes) => bytes.toString().toUpperCase(),
  'in UTF-16': (bytes) => Buffer.from(bytes.toString(), 'utf16le').toString('latin1'),
  'percent-encoded': (bytes) => encodeURIComponent(bytes.toString()),
  'percent-encoded throughout': (bytes) => bytes.toString('hex').replaceAll(/../g, '%$&'),
  'in hex': (bytes) => bytes.toString('hex'),
  'in capital hex': (bytes) => bytes.toString('hex').toUpperCase(),
  'in base64': (bytes) => bytes.toString('base64'),
  'in base64 behind a user name': (bytes) => Buffer.concat([Buffer.from('ada:'), bytes]).toString('base64'),
  'in base64url behind two bytes': (bytes) =>
    Buffer.concat([Buffer.from([1, 2]), bytes]).toString('base64url'),
};

const SOUGHT = [
  secret('password'),
  ...[TRUNCATED, HIDDEN, SKIPPED].flatMap((network) => [ipv4(network), ipv4(network, 238), ipv6(network)]),
];

describe('The search for leaks', () => {
  for (const [title, spell] of Object.entries(SPELLINGS)) {
    it(`finds secrets and addresses ${title}`, () => {
      for (const sought of SOUGHT) {
        const text = `${'x'.repeat(100)}${spell(Buffer.from(sought))}0`;
        expect(found(text, NEEDLES), sought).to.not.deep.equal([]);
      }
    });
  }

  it('finds addresses in binary, and those of IPv4 as IPv6 has them', () => {
    for (const network of [TRUNCATED, HIDDEN, SKIPPED]) {
      const bytes = Buffer.from(ipv4(network).split('.').map(Number));
      const [high, low] = [bytes.readUInt16BE(0).toString(16), bytes.readUInt16BE(2).toString(16)];
      const wide = Buffer.from(ipv6(network).replaceAll(':', ''), 'hex');
      const mapped = Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255]), bytes]);
      for (const text of [`::ffff:${high}:${low}`, `::FFFF:${high}:${low}`.toUpperCase()]) {
        expect(found(text, NEEDLES), text).to.not.deep.equal([]);
      }
      for (const binary of [wide, mapped]) {
        expect(found(`a${binary.toString('latin1')}z`, NEEDLES)).to.not.deep.equal([]);
      }
      for (const short of [bytes.toString('latin1'), bytes.toString('hex'), String(bytes.readUInt32BE())]) {
        expect(found(`a${short}z`, SHORT_NEEDLES)).to.not.deep.equal([]);
      }
    }
  });

  it('finds a salt, its bytes, and either in base64', () => {
    const salt = '9f3c'.repeat(16);
    const bytes = Buffer.from(salt, 'hex');
    const spellings = [
      salt,
      salt.toUpperCase(),
      bytes.toString('latin1'),
      btoa(salt),
      bytes.toString('base64'),
    ];
    for (const text of spellings) expect(found(`a${text}z`, needlesOfSalt(salt)), text).to.not.deep.equal([]);
  });

  it('finds no harm in networks that are kept, and does in those that are not', () => {
    expect(found('185.199.211.0 2a03:2880:f1ab:: ::ffff:b9c7:d300', NEEDLES)).to.deep.equal([]);
    expect(found('188.116.37.0', NEEDLES)).to.not.deep.equal([]);
    expect(found('2a02:26f0:7c5e::', NEEDLES)).to.not.deep.equal([]);
    expect(found('193.247.85.0', NEEDLES)).to.not.deep.equal([]);
  });
});
