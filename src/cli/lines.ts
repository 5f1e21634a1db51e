import { escapeJsonControl } from '../record/escape-control.js';
import type { UsageRecord } from '../record/usage-record.js';
import { encodeRecord } from '../record/wire.js';
import type { Output } from './output.js';

/** The text that is written at once, in characters. */
const CHUNK_CHARACTERS = 65_536;

/**
 * Writes records as lines of JSON, no faster than they are read.
 *
 * @returns how many there were
 */
export async function writeLines(
  out: Output,
  records: Iterable<UsageRecord> | AsyncIterable<UsageRecord>,
): Promise<number> {
  let chunk = '';
  let count = 0;
  for await (const record of records) {
    count += 1;
    chunk += `${escapeJsonControl(encodeRecord(record))}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    await out.write(chunk);
    chunk = '';
  }
  if (chunk !== '') await out.write(chunk);
  return count;
}
