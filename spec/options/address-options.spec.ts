import { inspect } from 'node:util';
import { expect } from 'chai';
import { type TrackUsageOptions, trackUsage } from '../../src/index.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { refusalOf } from '../support/refusal.js';

const EXPECTED =
  "expected false, a number of proxies from 0 to 32, an address, a range such as '10.0.0.0/8', 'loopback', " +
  "'linklocal', 'uniquelocal', a list of these, or a function";

function messageOf(options: object): string {
  const { code, message } = refusalOf(() => trackUsage({ storage: new MemoryStorage(), ...options }));
  expect(code).to.equal('INVALID_OPTION');
  return message;
}

function trustOf(trustProxy: TrackUsageOptions['trustProxy']) {
  return resolveTrackerOptions({ trustProxy }).trustProxy;
}

describe('The option trustProxy', () => {
  it('is false unless it is given', () => {
    expect(resolveTrackerOptions({}).trustProxy).to.equal(null);
    for (const nobody of [false, 0, []] as const) expect(trustOf(nobody)).to.equal(null);
  });

  it('is refused when it is true, with the reason', () => {
    expect(messageOf({ trustProxy: true })).to.equal(
      `trackUsage: the option 'trustProxy' is true; ${EXPECTED}; true would trust everybody, so that any client ` +
        'could choose the address that is recorded.',
    );
  });

  for (const value of [-1, 1.5, 33, NaN, Infinity, null, {}, 10n, new Set(['loopback'])]) {
    it(`refuses ${inspect(value)}`, () => {
      expect(messageOf({ trustProxy: value })).to.equal(
        `trackUsage: the option 'trustProxy' is ${inspect(value, { depth: 0 })}; ${EXPECTED}.`,
      );
    });
  }

  for (const range of [
    '',
    '1',
    '127.1',
    'true',
    'Loopback',
    'localhost',
    'loopback, 10.0.0.1',
    '0.0.0.0/0',
    '::/0',
    '::ffff:0:0/96',
    '::ffff:10.0.0.0/96',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/255.0.255.0',
    '::1/129',
    'fe80::1%eth0',
    '*',
  ]) {
    it(`refuses '${range}', which is neither an address nor a range of some`, () => {
      expect(messageOf({ trustProxy: range })).to.include(`${EXPECTED}; '${range}' is none of these`);
      expect(messageOf({ trustProxy: ['10.0.0.1', '10.0.0.2', '10.0.0.3', range] })).to.include(
        `; '${range}' is none of these`,
      );
    });
  }

  it('refuses what is no text in a list', () => {
    for (const wrong of [undefined, null, 1, ['loopback']])
      expect(messageOf({ trustProxy: ['loopback', wrong] })).to.match(/ is none of these\.$/);
  });

  it('takes a range of IPv6 that holds a part of IPv4, mapped', () => {
    const trust = trustOf('::ffff:10.0.0.0/104');
    expect(trust?.trusts('10.1.2.3', 0)).to.equal(true);
    expect(trust?.trusts('11.1.2.3', 0)).to.equal(false);
  });

  it('takes over a list', () => {
    const list = ['10.0.0.0/8'];
    const trust = trustOf(list);
    list.push('203.0.113.7');
    expect(trust?.trusts('10.1.2.3', 0)).to.equal(true);
    expect(trust?.trusts('203.0.113.7', 0)).to.equal(false);
  });
});
