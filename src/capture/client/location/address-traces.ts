import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { publicAddress } from '../../../public-address.js';

/** What stands between the parts of an address: one character, which may be percent-encoded, and that again. */
const SEPARATOR = String.raw`(?:%(?:25)*[\da-f]{2}|[^\da-z%])`;

/** Runs of characters that an address may be made of. */
const ADDRESS_LIKE = /[\da-f:.]{2,}/gi;

/**
 * Finds an address in what others write, however it is spelt there: with dashes in the place of dots, with its parts in
 * reverse, percent-encoded, in hexadecimal digits, as one number, within an IPv6 address.
 */
export class AddressTraces {
  readonly #address: string;
  /** Every spelling but those that have to be read to be known. */
  readonly #spellings: RegExp;
  readonly #numbers: ReadonlySet<number>;
  readonly #bytes: readonly number[];

  /** @param address - as `publicAddress` writes it */
  constructor(address: string) {
    this.#address = address;
    const bytes = ipaddr.parse(address).toByteArray();
    this.#bytes = bytes;
    const numbers = [numberOf(bytes), numberOf(bytes.toReversed())];
    const signed = numbers.map((number) => BigInt.asIntN(bytes.length * 8, number));
    const decimals = [...numbers, ...signed].map((number) => `(?<!\\d)${magnitude(number)}(?!\\d)`);
    const patterns = [...(bytes.length === 4 ? ipv4Patterns(bytes) : ipv6Patterns(bytes)), ...decimals];
    this.#spellings = new RegExp(patterns.join('|'), 'gi');
    this.#numbers = new Set([...numbers, ...signed].map(Number));
  }

  /** Whether a text or a number tells the address. */
  isIn(value: unknown): boolean {
    if (typeof value === 'number') return this.#numbers.has(value);
    return typeof value === 'string' && this.without(value) !== value;
  }

  /** Whether a text holds a network that the address may be in: what begins with the same byte, or the same two of IPv6. */
  isNear(value: unknown): boolean {
    if (typeof value !== 'string') return false;
    return Array.from(value.matchAll(ADDRESS_LIKE), ([run]) => bytesOf(spelling(run))).some(
      (bytes) =>
        bytes.length === this.#bytes.length &&
        bytes[0] === this.#bytes[0] &&
        (bytes.length === 4 || bytes[1] === this.#bytes[1]),
    );
  }

  /** A text with `…` in the place of the address. */
  without(text: string): string {
    return text
      .replaceAll(this.#spellings, '…')
      .replaceAll(ADDRESS_LIKE, (run) => withoutAddress(run, this.#address));
  }
}

function withoutAddress(run: string, address: string): string {
  const spelt = spelling(run);
  return publicAddress(spelt) === address ? `…${run.slice(spelt.length)}` : run;
}

/** A sentence goes on behind an address with a colon or a full stop, which belong to the run but not to the address. */
function spelling(run: string): string {
  if (isIP(run) !== 0) return run;
  let end = run.length;
  while (run[end - 1] === ':' || run[end - 1] === '.') end -= 1;
  return run.slice(0, end);
}

/** Empty for what is not an address. */
function bytesOf(spelt: string): readonly number[] {
  return isIP(spelt) === 0 ? [] : ipaddr.process(spelt).toByteArray();
}

function ipv4Patterns(bytes: readonly number[]): string[] {
  const patterns: string[] = [];
  for (const parts of [bytes, bytes.toReversed()]) {
    const hex = hexOf(parts);
    patterns.push(
      `(?<!\\d)${parts.map((octet) => `0{0,2}${octet}`).join(`${SEPARATOR}{1,3}`)}(?!\\d)`,
      `(?<!\\d)${parts.map((octet) => String(octet).padStart(3, '0')).join('')}(?!\\d)`,
      parts.map((octet) => hexOf([octet])).join(`${SEPARATOR}?`),
      `0x${hex.replace(/^0+/, '')}(?![\\da-f])`,
    );
  }
  // Within an IPv6 address: mapped, of 6to4 (RFC 3056), of NAT64 (RFC 6052).
  const [high, low] = groupsOf(bytes);
  patterns.push(`(?<![\\da-f])0?${high}${SEPARATOR}0{0,3}${low}(?![\\da-f])`);
  return patterns;
}

function ipv6Patterns(bytes: readonly number[]): string[] {
  const nibbles = hexOf(bytes).split('');
  return [
    `${groupedPattern(groupsOf(bytes))}(?![\\da-f])`,
    nibbles.join(`${SEPARATOR}?`),
    nibbles.toReversed().join(`${SEPARATOR}?`),
  ];
}

/** Groups of which one run of zeros, or none, is left out. The first is never zero, as the address is public. */
function groupedPattern([first, ...rest]: readonly string[]): string {
  let pattern = `0{0,3}${first}`;
  for (let index = 0; index < rest.length; index += 1) {
    let zeros = 0;
    while (rest[index + zeros] === '0') zeros += 1;
    if (zeros === 0) {
      pattern += `${SEPARATOR}0{0,3}${rest[index]}`;
      continue;
    }
    index += zeros - 1;
    const isLast = index === rest.length - 1;
    const spelt = `(?:0{1,4}${SEPARATOR}){${isLast ? zeros - 1 : zeros}}${isLast ? '0{1,4}' : ''}`;
    const next = rest[index + 1];
    pattern += `${SEPARATOR}(?:${spelt}|${SEPARATOR})${next === undefined ? '' : `0{0,3}${next}`}`;
    index += 1;
  }
  return pattern;
}

function groupsOf(bytes: readonly number[]): string[] {
  return bytes.flatMap((byte, index) =>
    index % 2 === 0 ? [(byte * 256 + (bytes[index + 1] ?? 0)).toString(16)] : [],
  );
}

function hexOf(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex');
}

function numberOf(bytes: readonly number[]): bigint {
  return BigInt(`0x${hexOf(bytes)}`);
}

function magnitude(number: bigint): string {
  return String(number < 0n ? -number : number);
}
