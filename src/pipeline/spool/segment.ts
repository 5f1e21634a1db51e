import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../../record/usage-record.js';
import { decodeRecord } from '../../record/wire.js';
import { countStarts, decodeLine } from './line.js';

const LINE_FEED = 10;

/** Records that are encoded for one write, or decoded in one turn of the event loop. */
export const TURN_RECORDS = 128;

/**
 * Reads a segment. A torn tail costs the record that it tore, a damaged byte one record, a damaged line feed the
 * two that it kept apart. Records that are whole behind the damage are kept; their places tell how many are missing.
 *
 * @returns the whole records as JSON, in their order, and how many others were in the segment
 */
export function readSegment(content: Buffer): { records: string[]; damaged: number } {
  const records: string[] = [];
  let damaged = 0;
  let next = 0;
  /** Damaged lines since the last whole one, and the beginnings of lines in them. */
  let tail = { lines: 0, starts: 0 };
  for (const line of lines(content)) {
    const whole = decodeLine(line);
    if (whole === null || whole.place < next) {
      tail = { lines: tail.lines + 1, starts: tail.starts + countStarts(line) };
      continue;
    }
    damaged += whole.place - next;
    next = whole.place + 1;
    tail = { lines: 0, starts: 0 };
    records.push(whole.json);
  }
  if (tail.lines > 0) damaged += Math.max(1, tail.starts);
  return { records, damaged };
}

/**
 * Takes the first records of a segment: at least one if there is one, and no more than both bounds allow.
 *
 * @param unread - the records as JSON, oldest first; those that are taken go
 * @param maxBytes - of their JSON
 * @param lose - learns why the JSON of a record is damaged
 */
export async function takeRecords(
  unread: string[],
  maxRecords: number,
  maxBytes: number,
  lose: (error: unknown) => void,
): Promise<UsageRecord[]> {
  const records: UsageRecord[] = [];
  const taken = unread.splice(0, countWithin(unread, maxRecords, maxBytes));
  for (const [index, json] of taken.entries()) {
    if (index % TURN_RECORDS === TURN_RECORDS - 1) await nextTurn();
    try {
      records.push(decodeRecord(json));
    } catch (error) {
      lose(error);
    }
  }
  return records;
}

function countWithin(unread: readonly string[], maxRecords: number, maxBytes: number): number {
  let bytes = 0;
  for (const [index, json] of unread.entries()) {
    bytes += Buffer.byteLength(json);
    if (index === maxRecords || (index > 0 && bytes > maxBytes)) return index;
  }
  return unread.length;
}

/** When the first of the records was made, in milliseconds since 1970; null if there is none, or it cannot be read. */
export function oldestOf([json]: readonly string[]): number | null {
  try {
    return json === undefined ? null : decodeRecord(json).date.getTime();
  } catch {
    return null;
  }
}

function* lines(content: Buffer): Generator<Buffer> {
  let start = 0;
  while (start < content.length) {
    const end = content.indexOf(LINE_FEED, start);
    // Without its line feed a line was torn, even if all of its other bytes are there.
    if (end < 0) yield Buffer.concat([content.subarray(start), Buffer.from([0])]);
    else yield content.subarray(start, end);
    start = end < 0 ? content.length : end + 1;
  }
}
