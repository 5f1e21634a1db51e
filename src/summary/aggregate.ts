import type { UsageRecord } from '../record/usage-record.js';
import type { Dimension, KeyPart } from './dimensions.js';
import { type Contribution, Tally, type TallyNumbers, contributionOf } from './tally.js';

/** The parts of a key; null for all keys beyond the most that a dimension keeps. */
export type Key = readonly KeyPart[] | null;

/** Tallies of keys that begin alike, by the next part: all keys of a dimension have as many. */
type Branch = Map<KeyPart, Branch | Tally>;

/** The figures of all keys of one dimension in one period. */
export class KeyTallies {
  readonly #maxKeys: number;
  /** All keys, in the order in which they came. */
  readonly #entries: [key: readonly KeyPart[], tally: Tally][] = [];
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

  /** Adds a tally, or the numbers of one, to a key. */
  merge(key: Key, part: Tally | TallyNumbers): void {
    (key === null ? (this.#other ??= new Tally()) : this.#tallyOf(key)).merge(part);
  }

  /** All keys with their tallies. */
  *entries(): IterableIterator<[Key, Tally]> {
    yield* this.#entries;
    if (this.#other !== null) yield [null, this.#other];
  }

  #tallyOf(key: readonly KeyPart[]): Tally {
    let found: Branch | Tally | undefined = this.#byPart;
    for (const part of key) found = (found as Branch | undefined)?.get(part);
    if (found instanceof Tally) return found;
    if (this.#entries.length >= this.#maxKeys) return (this.#other ??= new Tally());
    const tally = new Tally();
    this.#entries.push([key, tally]);
    let branch = this.#byPart;
    for (const part of key.slice(0, -1)) {
      const next = (branch.get(part) as Branch | undefined) ?? new Map();
      branch.set(part, next);
      branch = next;
    }
    branch.set(key.at(-1) ?? null, tally);
    return tally;
  }
}

/** Adds up the records of one period, in one pass for all dimensions. */
export class Aggregate {
  readonly #dimensions: readonly { readonly dimension: Dimension; readonly tallies: KeyTallies }[];

  constructor(dimensions: readonly Dimension[]) {
    this.#dimensions = dimensions.map((dimension) => ({
      dimension,
      tallies: new KeyTallies(dimension.maxKeys),
    }));
  }

  /** Adds a record. */
  add(record: UsageRecord): void {
    const part = contributionOf(record);
    for (const { dimension, tallies } of this.#dimensions) {
      const key = dimension.keyOf(record);
      if (key !== null) tallies.add(key, part);
    }
  }

  /** The figures by the name of their dimension. */
  *results(): IterableIterator<[name: string, KeyTallies]> {
    for (const { dimension, tallies } of this.#dimensions) yield [dimension.name, tallies];
  }
}
