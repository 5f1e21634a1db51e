import type { UsageRecord } from '../record/usage-record.js';
import type { Dimension, KeyPart } from './dimensions.js';
import type { NumberReader, NumberWriter } from './numbers.js';
import { type Contribution, Tally, contributionOf } from './tally.js';

/** The parts of a key; null for all keys beyond the most that a dimension keeps. */
export type Key = readonly KeyPart[] | null;

/** Keys with their tallies. */
export type Entries = readonly (readonly [Key, Tally])[];

/** Writes keys as JSON, and their tallies behind them. */
export function writeEntries(numbers: NumberWriter, entries: Entries, baseMs: number): void {
  numbers.writeBytes(Buffer.from(JSON.stringify(entries.map(([key]) => key))));
  for (const [, tally] of entries) tally.write(numbers, baseMs);
}

/** Reads what {@link writeEntries} has written. */
export function readEntries(numbers: NumberReader, baseMs: number): Entries {
  const keys = JSON.parse(numbers.readPart().readText()) as readonly Key[];
  return keys.map((key) => [key, Tally.read(numbers, baseMs)]);
}

/** Tallies of keys that begin alike, by the next part: all keys of a dimension have as many. */
type Branch = Map<KeyPart, Branch | Tally>;

/** The figures of all keys of one dimension in one period. */
export class KeyTallies {
  readonly #maxKeys: number;
  /** All keys, in the order in which they came. */
  readonly #entries: (readonly [Key, Tally])[] = [];
  /** How many of them {@link #byPart} knows. */
  #indexed = 0;
  /** The tallies by their keys' parts, one after another: V8 knows the hash of each text, and would work out that of a whole key anew. */
  readonly #byPart: Branch = new Map();
  #other: Tally | null = null;

  /** @param maxKeys - further keys are counted as one. @default all keys are kept */
  constructor(maxKeys = Infinity) {
    this.#maxKeys = maxKeys;
  }

  /** Adds a record's part to a key. */
  add(key: readonly KeyPart[], part: Contribution): void {
    this.#tallyOf(key).add(part);
  }

  /** Adds a tally to a key. */
  merge(key: Key, part: Tally): void {
    this.#tallyOf(key).merge(part);
  }

  /** Takes over the tally of a key that there is none of: the next one that is added to looks for its key among all. */
  take(entry: readonly [Key, Tally]): void {
    this.#entries.push(entry);
  }

  /** All keys with their tallies. */
  entries(): Entries {
    return this.#entries;
  }

  #tallyOf(key: Key): Tally {
    for (; this.#indexed < this.#entries.length; this.#indexed += 1)
      this.#index(this.#entries[this.#indexed] as readonly [Key, Tally]);
    if (key !== null) {
      let found: Branch | Tally | undefined = this.#byPart;
      for (const part of key) found = (found as Branch | undefined)?.get(part);
      if (found instanceof Tally) return found;
    }
    const isKept = key !== null && this.#entries.length - Number(this.#other !== null) < this.#maxKeys;
    if (!isKept && this.#other !== null) return this.#other;
    const tally = new Tally();
    this.#entries.push([isKept ? key : null, tally]);
    return tally;
  }

  #index([key, tally]: readonly [Key, Tally]): void {
    if (key === null) {
      this.#other = tally;
      return;
    }
    let branch = this.#byPart;
    for (const part of key.slice(0, -1)) {
      const next = (branch.get(part) as Branch | undefined) ?? new Map();
      branch.set(part, next);
      branch = next;
    }
    branch.set(key.at(-1) ?? null, tally);
  }
}

/** Adds up the records of one period, in one pass for all dimensions. */
export class Aggregate {
  /** The figures by the name of their dimension. */
  readonly figures: ReadonlyMap<string, KeyTallies>;
  readonly #dimensions: readonly { readonly dimension: Dimension; readonly tallies: KeyTallies }[];

  constructor(dimensions: readonly Dimension[]) {
    this.#dimensions = dimensions.map((dimension) => ({
      dimension,
      tallies: new KeyTallies(dimension.maxKeys),
    }));
    this.figures = new Map(this.#dimensions.map(({ dimension: { name }, tallies }) => [name, tallies]));
  }

  /** Adds a record. */
  add(record: UsageRecord, dateMs: number): void {
    const part = contributionOf(record, dateMs);
    for (const { dimension, tallies } of this.#dimensions) {
      const key = dimension.keyOf(record);
      if (key !== null) tallies.add(key, part);
    }
  }
}
