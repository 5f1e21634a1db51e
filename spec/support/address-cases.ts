import type { TrustProxy } from '../../src/index.js';

/** What a request that came over loopback says of its way, and the client's address that follows from it. */
export interface AddressCase {
  readonly what: string;
  readonly trustProxy: TrustProxy;
  readonly xForwardedFor?: string;
  readonly forwarded?: string;
  readonly expected: string | null;
  /** The same under `'truncate'`, where it is worth saying. */
  readonly truncated?: string | null;
}

const PEER = '127.0.0.1';
const LAN = ['loopback', '10.0.0.0/8', '2001:db8:ff::/48'] as const;

const HEADER_NAMES = { xForwardedFor: 'X-Forwarded-For', forwarded: 'Forwarded' } as const;

function cases(
  trustProxy: TrustProxy,
  header: 'xForwardedFor' | 'forwarded',
  rows: readonly (readonly [
    what: string,
    text: string,
    expected: string | null,
    truncated?: string | null,
  ])[],
): AddressCase[] {
  return rows.map(([what, text, expected, truncated]) => ({
    what: `${HEADER_NAMES[header]}: ${what}`,
    trustProxy,
    [header]: text,
    expected,
    ...(truncated !== undefined && { truncated }),
  }));
}

const NO_PROXY: readonly AddressCase[] = [
  { what: 'no header at all', trustProxy: false, expected: PEER, truncated: '127.0.0.0' },
  ...cases(false, 'xForwardedFor', [
    ['a header without trust', '203.0.113.7', PEER],
    ['a hostile header without trust', '<script>', PEER],
  ]),
  ...cases(false, 'forwarded', [['RFC 7239 without trust', 'for=203.0.113.7', PEER]]),
  ...cases(0, 'xForwardedFor', [['no proxies', '203.0.113.7', PEER]]),
  ...cases([], 'xForwardedFor', [['an empty list of proxies', '203.0.113.7', PEER]]),
  ...cases('10.0.0.0/8', 'xForwardedFor', [['a socket that is on no list', '203.0.113.7', PEER]]),
  ...cases(() => false, 'xForwardedFor', [['a function that trusts nobody', '203.0.113.7', PEER]]),
];

const X_FORWARDED_FOR = cases('loopback', 'xForwardedFor', [
  ['one entry', '203.0.113.7', '203.0.113.7', '203.0.113.0'],
  ['the last of several entries', '198.51.100.1, 192.0.2.1, 203.0.113.7', '203.0.113.7'],
  ['no blanks', '198.51.100.1,203.0.113.7', '203.0.113.7'],
  ['many blanks', '198.51.100.1 ,\t 203.0.113.7 \t', '203.0.113.7'],
  ['a port', '203.0.113.7:51234', '203.0.113.7', '203.0.113.0'],
  ['the port 0', '203.0.113.7:0', '203.0.113.7'],
  ['a port that is none', '203.0.113.7:65536', null],
  ['a port without digits', '203.0.113.7:', null],
  ['a port of text', '203.0.113.7:http', null],
  ['IPv6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['IPv6 in capitals, not shortened', '2001:0DB8:0:0:0:0:0:1', '2001:db8::1', '2001:db8::'],
  ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
  ['IPv6 with a port', '[2001:db8::1]:443', '2001:db8::1'],
  ['IPv6 with a port that is none', '[2001:db8::1]:99999', null],
  ['half a bracket', '[2001:db8::1', null],
  ['IPv4 in brackets', '[203.0.113.7]', null],
  ['empty brackets', '[]:80', null],
  ['IPv4-mapped IPv6', '::ffff:203.0.113.7', '203.0.113.7', '203.0.113.0'],
  ['IPv4-mapped IPv6 in hexadecimal', '::FFFF:cb00:7107', '203.0.113.7'],
  ['IPv4-mapped IPv6 with a port', '[::ffff:203.0.113.7]:80', '203.0.113.7'],
  ['IPv4-compatible IPv6, which is not IPv4', '::203.0.113.7', '::cb00:7107', '::'],
  ['a trusted address as IPv4-compatible IPv6', '6.6.6.6, ::127.0.0.1', '::7f00:1'],
  ['a zone id', 'fe80::1%eth0', 'fe80::1', 'fe80::'],
  ['a zone id in brackets', '[fe80::1%25eth0]:80', 'fe80::1'],
  ['a zone id that is markup', 'fe80::1%<script>', null],
  ['a zone id on IPv4', '203.0.113.7%eth0', null],
  ['127.1', '127.1', null],
  ['1', '1', null],
  ['a number', '2130706433', null],
  ['hexadecimal', '0x7f.0.0.1', null],
  ['octal', '0177.0.0.1', null],
  ['a leading zero', '203.0.113.07', null],
  ['an octet too large', '203.0.113.256', null],
  ['five octets', '203.0.113.7.1', null],
  ['a range', '203.0.113.0/24', null],
  ['markup', '<script>alert(1)</script>', null],
  ['SQL', "203.0.113.7'; DROP TABLE koa_usage; --", null],
  ['a name', 'localhost', null],
  ['a Unix domain socket, as nginx says it', 'unix:', null],
  ['unknown', 'unknown', null],
  ['a dash', '-', null],
  ['quotation marks', '"203.0.113.7"', null],
  ['other digits', '２０３.0.113.7', null],
  ['a client that is not known behind one that is', '203.0.113.7, unknown', null],
  ['nothing in the last place', '203.0.113.7, ', null],
  ['a comma', ',', null],
  ['a text too long', '1'.repeat(4000), null],
  ['thousands of entries', `${'1.1.1.1,'.repeat(1000)}203.0.113.7`, '203.0.113.7'],
  ['a blank header', ' ', PEER],
  ['trusted hops', '6.6.6.6, 203.0.113.7, 127.0.0.2, ::1', '203.0.113.7'],
  ['trusted hops alone', '127.0.0.2, ::1', '127.0.0.2'],
]);

const FORWARDED = cases('loopback', 'forwarded', [
  ['IPv4', 'for=203.0.113.7', '203.0.113.7', '203.0.113.0'],
  ['IPv6 with a port', 'for="[2001:db8::1]:80"', '2001:db8::1', '2001:db8::'],
  ['IPv4 with a port', 'for="203.0.113.7:80"', '203.0.113.7'],
  ['a port without quotation marks', 'for=203.0.113.7:80', '203.0.113.7'],
  ['an obfuscated port', 'for="203.0.113.7:_http.1"', '203.0.113.7'],
  ['IPv4-mapped IPv6', 'for="[::ffff:203.0.113.7]"', '203.0.113.7'],
  ['other parameters', 'by=10.0.0.1;FOR=203.0.113.7;host=a.test;proto=https', '203.0.113.7'],
  ['blanks at semicolons', 'proto=https; for=203.0.113.7 ; by=_x', '203.0.113.7'],
  ['empty parameters', ';for=203.0.113.7;;', '203.0.113.7'],
  ['escapes', String.raw`for="203\.0.113.\7"`, '203.0.113.7'],
  ['several elements', 'for=198.51.100.1, for=203.0.113.7', '203.0.113.7'],
  ['a comma in quotation marks', 'for=203.0.113.7;host="a,for=6.6.6.6"', '203.0.113.7'],
  ['an escaped quotation mark', String.raw`for=203.0.113.7;host="a\",for=6.6.6.6"`, '203.0.113.7'],
  [
    'a comma before an escaped quotation mark',
    String.raw`for=203.0.113.7;host="a,for=6.6.6.6\""`,
    '203.0.113.7',
  ],
  ['an escaped backslash', String.raw`for=6.6.6.6;host="a\\",for=203.0.113.7`, '203.0.113.7'],
  ['a quotation left open by the client', 'for=6.6.6.6;host=", for=203.0.113.7', '203.0.113.7'],
  ['the same before a quoted one', 'for=6.6.6.6;host=", for="203.0.113.7:80"', '203.0.113.7'],
  ['unknown', 'for=unknown', null],
  ['an obfuscated identifier', 'for=_hidden', null],
  ['a hidden client behind one that is not', 'for=203.0.113.7, for=_SEVKISEK', null],
  ['no for', 'by=203.0.113.7;proto=https', null],
  ['for twice', 'for=203.0.113.7;for=6.6.6.6', null],
  ['an element left empty', 'for=203.0.113.7, ', null],
  ['nothing after the sign', 'for=', null],
  ['an empty quotation', 'for=""', null],
  ['an open quotation', 'for="203.0.113.7', null],
  ['text behind a quotation', 'for="203.0.113.7"x', null],
  ['blanks at the sign', 'for = 203.0.113.7', null],
  ['no pair', '203.0.113.7', null],
  ['markup', 'for="<script>"', null],
  ['127.1', 'for=127.1', null],
  ['1', 'for=1', null],
  ['an element too long', `for=203.0.113.7;x="${'y'.repeat(4000)}"`, null],
  ['trusted hops', 'for=6.6.6.6, for=203.0.113.7, for="[::1]:80"', '203.0.113.7'],
]);

const BOTH: readonly AddressCase[] = (
  [
    ['that agree', '203.0.113.7', 'for=203.0.113.7', '203.0.113.7'],
    ['that agree in other words', '::ffff:203.0.113.7', 'for="203.0.113.7:80"', '203.0.113.7'],
    [
      'that agree on hops before the client',
      '10.9.9.9, 203.0.113.7, 10.0.0.2',
      'for=203.0.113.7, for=10.0.0.2',
      '203.0.113.7',
    ],
    ['that disagree at once', '203.0.113.7', 'for=6.6.6.6', PEER],
    ['that disagree the other way round', '6.6.6.6', 'for=203.0.113.7', PEER],
    ['that disagree behind a proxy', '203.0.113.7, 10.0.0.2', 'for=6.6.6.6, for=10.0.0.2', '10.0.0.2'],
    ['of which one ends early', '203.0.113.7, 10.0.0.2', 'for=10.0.0.2', '10.0.0.2'],
    ['of which one knows no client', 'unknown', 'for=6.6.6.6', PEER],
    ['that know no client', 'unknown', 'for=_hidden', null],
    ['of which one is blank', '203.0.113.7', '', '203.0.113.7'],
  ] as const
).map(([what, xForwardedFor, forwarded, expected]) => ({
  what: `two headers ${what}`,
  trustProxy: LAN,
  xForwardedFor,
  forwarded,
  expected,
}));

const TRUST: readonly AddressCase[] = [
  ...cases(LAN, 'xForwardedFor', [
    ['a list', '6.6.6.6, 203.0.113.7, 10.1.2.3, 2001:db8:ff::9', '203.0.113.7'],
    ['a mapped address of a list', '203.0.113.7, ::ffff:10.1.2.3', '203.0.113.7'],
    ['a stranger between proxies', '10.0.0.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['an unknown hop between proxies', '203.0.113.7, unknown, 10.1.2.3', null],
  ]),
  ...cases(['loopback', '10.0.0.0/255.0.0.0'], 'xForwardedFor', [
    ['a net mask', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
  ]),
  ...cases(['127.0.0.1'], 'xForwardedFor', [['one address', '203.0.113.7, 127.0.0.2', '127.0.0.2']]),
  ...cases(['loopback', 'uniquelocal', 'linklocal'], 'xForwardedFor', [
    ['named ranges', '203.0.113.7, 192.168.1.1, fd00::1, 169.254.1.1, fe80::1%eth0', '203.0.113.7'],
  ]),
  ...cases(1, 'xForwardedFor', [
    ['one hop', '6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['one hop that is not known', '6.6.6.6, unknown', null],
  ]),
  ...cases(2, 'xForwardedFor', [
    ['two hops', '6.6.6.6, 203.0.113.7, 198.51.100.9', '203.0.113.7'],
    ['two hops where there was one', '203.0.113.7', '203.0.113.7'],
  ]),
  ...cases(32, 'xForwardedFor', [['all hops', `${'203.0.113.7,'.repeat(40)}198.51.100.9`, '203.0.113.7']]),
  ...cases((address, hop) => address === '127.0.0.1' && hop === 0, 'xForwardedFor', [
    ['a function', '6.6.6.6, 127.0.0.1', '127.0.0.1'],
  ]),
];

/** Every one of them holds whether it is asked by HTTP or not. */
export const ADDRESS_CASES: readonly AddressCase[] = [
  ...NO_PROXY,
  ...X_FORWARDED_FOR,
  ...FORWARDED,
  ...BOTH,
  ...TRUST,
];
