import { createHash } from 'node:crypto';
import { decodeRecord, encodeRecord } from '../../record/wire.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { TurnBudget } from '../../time/turn-budget.js';

/** Room for the headers, which count as payload, in bytes. */
const HEADER_BYTES = 1024;

/** Records that travel together, one a line of JSON. */
export interface PackedRecords {
  /** Equal for equal records in equal order, so that the server knows a message that comes again. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** What became of a batch that was packed. */
export interface Packed {
  readonly messages: readonly PackedRecords[];
  /** Records that are too large for any message, with their bytes. */
  readonly tooLarge: readonly { readonly record: UsageRecord; readonly bytes: number }[];
}

/**
 * Packs a batch into as few messages as it fits in, in turns of the event loop.
 *
 * @param maxBytes - of a message, its headers included
 */
export async function packRecords(
  batch: readonly UsageRecord[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Packed> {
  const budget = new TurnBudget(8);
  const messages: PackedRecords[] = [];
  const tooLarge: { record: UsageRecord; bytes: number }[] = [];
  let lines: string[] = [];
  let hash = createHash('sha256');
  let bytes = HEADER_BYTES;
  const end = (): void => {
    if (lines.length === 0) return;
    messages.push({ id: hash.digest('base64url'), data: Buffer.from(lines.join('\n')) });
    lines = [];
    hash = createHash('sha256');
    bytes = HEADER_BYTES;
  };
  for (const record of batch) {
    const line = encodeRecord(record);
    const lineBytes = Buffer.byteLength(line) + 1;
    if (bytes + lineBytes > maxBytes) end();
    if (bytes + lineBytes > maxBytes) tooLarge.push({ record, bytes: lineBytes });
    else {
      lines.push(line);
      hash.update(`${record.id}\n`);
      bytes += lineBytes;
    }
    if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
  }
  end();
  return { messages, tooLarge };
}

/** Reads a message of {@link packRecords}, in turns of the event loop. */
export async function unpackRecords(
  data: Uint8Array,
): Promise<{ records: readonly UsageRecord[]; damaged: number }> {
  const budget = new TurnBudget(8);
  const records: UsageRecord[] = [];
  let damaged = 0;
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString().split('\n')) {
    try {
      records.push(decodeRecord(line));
    } catch {
      damaged += 1;
    }
    if (budget.isSpentAfterStep()) await budget.nextTurn();
  }
  return { records, damaged };
}
