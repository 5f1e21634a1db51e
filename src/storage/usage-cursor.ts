import { createHash } from 'node:crypto';

/** A place between two records in the order of reading: newest first, those of one millisecond by descending id. */
export interface UsagePosition {
  /** The date of the last record before the position. */
  readonly date: Date;
  /** The id of the last record before the position. */
  readonly id: string;
}

const VERSION = 1;
const DATE_BYTES = 8;
const CHECKSUM_BYTES = 12;
const ID_START = 1 + DATE_BYTES;

/** An id: as wide as the column of ids, in characters that every database takes. */
const ID = /^[!-~]{1,36}$/;

/** The length of the cursor of the longest id, in characters. */
const MAX_LENGTH = Math.ceil(((ID_START + 36 + CHECKSUM_BYTES) * 4) / 3);

/**
 * Writes a position as text: base64url of a version, the date in milliseconds, the id, and a checksum over all of
 * that and the query's scope.
 *
 * The checksum shows which cursors were cut, changed or taken from another query, so that they are refused and do
 * not pass over records silently. It is not a signature, nor is the cursor a secret: the cursor holds nothing that the last
 * record of its page does not hold, and grants nothing. A caller who computes a checksum can begin at another place, but
 * reads only records that the dates and filters beside the cursor select anyway.
 *
 * @param scope - what the position belongs to: the dates and filters of the query, as text
 */
export function encodeCursor({ date, id }: UsagePosition, scope: string): string {
  const head = Buffer.alloc(ID_START);
  head.writeUInt8(VERSION);
  head.writeDoubleBE(date.getTime(), 1);
  const position = Buffer.concat([head, Buffer.from(id, 'utf8')]);
  return Buffer.concat([position, checksum(position, scope)]).toString('base64url');
}

/**
 * Reads a cursor of {@link encodeCursor}.
 *
 * @returns null if it is not a cursor of this version for this scope
 */
export function decodeCursor(cursor: string, scope: string): UsagePosition | null {
  if (cursor.length > MAX_LENGTH) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer passes over characters that are not base64url: several texts mean these bytes, and one of them was given out.
  if (bytes.length <= ID_START + CHECKSUM_BYTES || bytes.toString('base64url') !== cursor) return null;
  const position = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!bytes.subarray(-CHECKSUM_BYTES).equals(checksum(position, scope))) return null;
  const date = new Date(position.readDoubleBE(1));
  const id = position.subarray(ID_START).toString('utf8');
  if (position.readUInt8() !== VERSION || Number.isNaN(date.getTime()) || !ID.test(id)) return null;
  return { date, id };
}

function checksum(position: Buffer, scope: string): Buffer {
  const hash = createHash('sha256').update('koa-track-usage cursor\0').update(position).update('\0');
  return hash.update(scope).digest().subarray(0, CHECKSUM_BYTES);
}
