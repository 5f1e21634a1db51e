import { crc32 } from 'node:zlib';

/** The version of the format, the first item of every line. */
const VERSION = 1;

/** `[1,"` and the checksum, which is of everything behind it up to the line's end. */
const HEAD = /^\[1,"([0-9a-f]{8})",/;
const HEAD_LENGTH = 14;
const BODY = /^(\d{1,15}),(\{.*\})\]$/s;

/** The beginning of a line, also of one that stands within a damaged line. */
const START = /\[1,"[0-9a-f]{8}",\d+,\{/g;

/**
 * A record as one line of NDJSON: `[version, crc32, place, record]`. The checksum (CRC-32 as in zlib, eight
 * hexadecimal digits) is of everything behind it.
 */
export function encodeLine(place: number, json: string): string {
  const body = `${place},${json}]`;
  return `[${VERSION},"${crc32(body).toString(16).padStart(8, '0')}",${body}\n`;
}

/**
 * Reads a line, without its line feed.
 *
 * @returns the line's place in its segment, from 0, and the record as JSON; null if the line is damaged or of another version
 */
export function decodeLine(line: Buffer): { place: number; json: string } | null {
  const checksum = HEAD.exec(line.toString('latin1', 0, HEAD_LENGTH))?.[1];
  if (checksum === undefined) return null;
  const body = line.subarray(HEAD_LENGTH);
  if (crc32(body) !== Number.parseInt(checksum, 16)) return null;
  const [, place, json] = BODY.exec(body.toString('utf8')) ?? [];
  return place === undefined || json === undefined ? null : { place: Number(place), json };
}

/** How many lines began within a damaged one: two where the line feed between them was damaged. */
export function countStarts(line: Buffer): number {
  return line.toString('latin1').match(START)?.length ?? 0;
}
