import { countStarts, decodeLine } from './line.js';

/** What a segment's file holds. */
export interface SegmentContent {
  /** The records that are whole, as JSON, in their order. */
  readonly records: readonly string[];
  /** Records that were in the segment and are not whole. */
  readonly damaged: number;
}

const LINE_FEED = 10;

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
