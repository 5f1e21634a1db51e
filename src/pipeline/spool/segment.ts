import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../../record/usage-record.js';
import { decodeRecord } from '../../record/wire.js';
import { countStarts, decodeLine } from './line.js';

/** What a segment's file holds. */
export interface SegmentContent {
  /** The records that are whole, as JSON, in their order. */
  readonly records: readonly string[];
  /** Records that were in the segment and are not whole. */
  readonly damaged: number;
}

const LINE_FEED = 10;

/** Records that are encoded for one write, or decoded in one turn of the event loop. */
export const TURN_RECORDS = 128;

/**
 * Reads a segment. A torn tail costs the record that it tore, a damaged byte one record, a damaged line feed the
 * two that it kept apart. Whatever is whole behind the damage is kept; the places tell how many are missing.
 */
export function readSegment(content: Buffer): SegmentContent {
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

/** Records of a segment that have not been taken. */
export class Reading {
  readonly #json: string[];

  /** @param records - as JSON, oldest first */
  constructor(records: readonly string[]) {
    this.#json = [...records];
  }

  /** Whether all have been taken. */
  get isEmpty(): boolean {
    return this.#json.length === 0;
  }

  /**
   * Takes the first records: at least one if there is one, and no more than both bounds allow.
   *
   * @param lose - learns why one of them is no record
   */
  async take(maxRecords: number, maxBytes: number, lose: (error: unknown) => void): Promise<UsageRecord[]> {
    const records: UsageRecord[] = [];
    for (const [index, json] of this.#takeJson(maxRecords, maxBytes).entries()) {
      if (index % TURN_RECORDS === TURN_RECORDS - 1) await nextTurn();
      try {
        records.push(decodeRecord(json));
      } catch (error) {
        lose(error);
      }
    }
    return records;
  }

  #takeJson(maxRecords: number, maxBytes: number): string[] {
    let count = 0;
    let bytes = 0;
    while (count < Math.min(this.#json.length, maxRecords)) {
      bytes += Buffer.byteLength(this.#json[count] as string);
      if (count > 0 && bytes > maxBytes) break;
      count += 1;
    }
    return this.#json.splice(0, count);
  }
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
