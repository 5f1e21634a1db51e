import type { SummaryRow } from '../storage/summary-store.js';
import { type Entries, type Key, type KeyTallies, readEntries, writeEntries } from './aggregate.js';

export type { Key } from './aggregate.js';
import type { Unit, UnitKind } from './manifest.js';
import type { Span } from './periods.js';
import { NumberReader, NumberWriter } from './numbers.js';

/** Keys of one row. A row is made, and read, in a turn of the event loop. */
const ROW_KEYS = 100;

/** The content of a row: of how many rows it is one, and keys with their figures. */
interface Block {
  readonly parts: number;
  readonly entries: Entries;
}

/** The rows of one dimension in one period: at least one, so that a lost row is noticed. */
export function* rowsOf(
  kind: UnitKind,
  { startMs, endMs }: Span,
  edition: string,
  dimension: string,
  tallies: KeyTallies,
): IterableIterator<SummaryRow> {
  const keys = [...tallies.entries()];
  const parts = Math.max(1, Math.ceil(keys.length / ROW_KEYS));
  for (let part = 0; part < parts; part += 1) {
    const some = keys.slice(part * ROW_KEYS, (part + 1) * ROW_KEYS);
    const id = `${edition.slice(0, 8)}${edition.slice(-12)}.${kind.charAt(0)}${startMs.toString(36)}.${part}`;
    yield {
      id: `${id}.${hashOf(dimension)}`,
      kind,
      dimension,
      startMs,
      endMs,
      edition,
      data: dataOf(parts, some, startMs),
    };
  }
}

/** What a row holds. */
export function blockOf({ data, startMs }: SummaryRow): Block {
  const numbers = new NumberReader(Buffer.from(data, 'base64'));
  return { parts: numbers.read(), entries: readEntries(numbers, startMs) };
}

/** A row without some of its keys. */
export function withoutKeys(row: SummaryRow, isGone: (key: Key) => boolean): SummaryRow {
  const { parts, entries } = blockOf(row);
  const left = entries.filter(([key]) => !isGone(key));
  return { ...row, data: dataOf(parts, left, row.startMs) };
}

function dataOf(parts: number, entries: Entries, startMs: number): string {
  const numbers = new NumberWriter();
  numbers.write(parts);
  writeEntries(numbers, entries, startMs);
  return Buffer.from(numbers.bytes).toString('base64');
}

/** Counts the rows of units of one dimension, to tell whether all of them were read. */
export class RowCount {
  readonly #found = new Map<string, number>();

  /** Notes a row that was read. */
  note({ kind, startMs, edition, dimension }: SummaryRow, { parts }: Block): void {
    const name = `${kind} ${startMs} ${edition} ${dimension}`;
    this.#found.set(name, (this.#found.get(name) ?? parts) - 1);
  }

  /** Whether all rows of a unit were read. */
  isWhole({ kind, startMs, edition }: Unit, dimension: string): boolean {
    return this.#found.get(`${kind} ${startMs} ${edition} ${dimension}`) === 0;
  }
}

/** A dimension's name in 13 characters at most: names may be as long as an id. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}
