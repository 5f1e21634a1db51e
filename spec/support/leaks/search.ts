import { type Network, HIDDEN, SECRET_STEM, SKIPPED, TRUNCATED, everyIpv4 } from './secrets.js';

/** Something that is looked for among bytes, which are given as Latin-1. */
export interface Needle {
  readonly what: string;
  readonly bytes: string;
  /** What may stand behind it without harm, as the end of a network that is kept; callers have none of it there. */
  readonly unless?: RegExp | undefined;
}

/** A text as it may be written: plain, in capitals, percent-encoded, as UTF-16, as hex and as base64 wherever it begins. */
function spellingsOf(what: string, text: string): Needle[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const spellings: [string, string][] = [
    ['plain', text],
    ['lower case', text.toLowerCase()],
    ['capitals', text.toUpperCase()],
    ['UTF-16', Buffer.from(text, 'utf16le').toString('latin1')],
    ['percent-encoded', encodeURIComponent(text)],
    ['percent-encoded in lower case', encodeURIComponent(text).toLowerCase()],
    ['percent-encoded throughout', hex.toUpperCase().replaceAll(/../g, '%$&')],
    ['percent-encoded throughout in lower case', hex.replaceAll(/../g, '%$&')],
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((shift): [string, string][] => [
      [`base64 behind ${shift}`, base64Behind(shift, bytes, 'base64')],
      [`base64url behind ${shift}`, base64Behind(shift, bytes, 'base64url')],
    ]),
  ];
  const different = new Map(spellings.toReversed().map(([how, spelling]) => [spelling, how]));
  return [...different].map(([spelling, how]) => ({ what: `${what} (${how})`, bytes: spelling }));
}

/** What base64 makes of bytes behind so many others, without the digits that depend on what stands around them. */
function base64Behind(shift: number, bytes: Buffer, encoding: 'base64' | 'base64url'): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
  return whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

/** The addresses of a network: in text and in binary, those of IPv4 also as IPv6 has them. */
function addressesIn(network: Network): Needle[] {
  const { v4, v6, isKept } = network;
  const texts = [...spellingsOf(`an address in ${v4}`, v4), ...spellingsOf(`an address in ${v6}`, v6)];
  const network4 = Buffer.from(v4.split('.').slice(0, 3).map(Number));
  const network6 = Buffer.from(v6.replaceAll(':', ''), 'hex');
  const mapped = network4.toString('hex').replace(/^..../, '$&:');
  const binary: Needle[] = [
    { what: `${v6} in binary`, bytes: network6.toString('latin1'), ...(isKept && { unless: /^\0{10}/ }) },
    { what: `${v6} in hex`, bytes: network6.toString('hex'), ...(isKept && { unless: /^0{20}/ }) },
    { what: `${v4} mapped in text`, bytes: `:${mapped}`, ...(isKept && { unless: /^00/ }) },
    { what: `${v4} mapped in capitals`, bytes: `:${mapped.toUpperCase()}`, ...(isKept && { unless: /^00/ }) },
    {
      what: `${v4} mapped in binary`,
      bytes: Buffer.concat([Buffer.from('0000ffff', 'hex'), network4]).toString('latin1'),
      ...(isKept && { unless: /^\0/ }),
    },
  ];
  const harmless = isKept
    ? new Map([
        [v4, /^0/],
        [v6, /^:/],
      ])
    : new Map<string, RegExp>();
  return [...texts, ...binary].map(({ what, bytes, unless = harmless.get(bytes) }) => ({
    what,
    bytes,
    unless,
  }));
}

/** Four bytes are found by chance where there are megabytes, so these are for small places. */
export const SHORT_NEEDLES: readonly Needle[] = [TRUNCATED, HIDDEN, SKIPPED]
  .flatMap(everyIpv4)
  .flatMap((address) => {
    const bytes = Buffer.from(address.split('.').map(Number));
    return [
      { what: `${address} in binary`, bytes: bytes.toString('latin1') },
      { what: `${address} in hex`, bytes: bytes.toString('hex') },
      { what: `${address} as a number`, bytes: String(bytes.readUInt32BE()) },
    ];
  });

/** The texts that may be nowhere at all. */
export const SECRET_NEEDLES: readonly Needle[] = spellingsOf('a secret', SECRET_STEM);

/** Callers that nobody is to hear of. */
export const SKIPPED_NEEDLES: readonly Needle[] = addressesIn(SKIPPED);

/** All that may be in no place but the end point that is asked for locations. */
export const NEEDLES: readonly Needle[] = [
  ...SECRET_NEEDLES,
  ...SKIPPED_NEEDLES,
  ...addressesIn(TRUNCATED),
  ...addressesIn(HIDDEN),
];

/** A salt as it is kept, as the bytes that it stands for, and as either may be written. */
export function needlesOfSalt(salt: string): Needle[] {
  const bytes = Buffer.from(salt, 'hex');
  return [
    ...spellingsOf('the salt', salt),
    { what: 'the bytes of the salt', bytes: bytes.toString('latin1') },
    { what: 'the bytes of the salt (base64)', bytes: bytes.toString('base64').slice(0, 40) },
    { what: 'the bytes of the salt (base64url)', bytes: bytes.toString('base64url').slice(0, 40) },
  ];
}

/** Tells what is found, each with what stands around it. */
export function found(text: string, needles: readonly Needle[]): string[] {
  return needles.flatMap(({ what, bytes, unless }) => {
    for (let at = text.indexOf(bytes); at >= 0; at = text.indexOf(bytes, at + 1)) {
      const end = at + bytes.length;
      if (unless?.test(text.slice(end, end + 32)) === true) continue;
      const around = text.slice(Math.max(0, at - 80), end + 80).replaceAll(/[^ -~]/g, '.');
      return [`${what}: …${around}…`];
    }
    return [];
  });
}
