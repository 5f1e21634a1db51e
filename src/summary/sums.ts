import type { UsageRecord } from '../record/usage-record.js';
import type { SummaryPeriod } from '../storage/usage-summary.js';
import { Aggregate, type KeyTallies, readEntries, writeEntries } from './aggregate.js';
import type { Dimension } from './dimensions.js';
import { NumberReader, NumberWriter } from './numbers.js';
import { ALWAYS, type Periods, type Span } from './periods.js';

/** Keys of one part: a part is made, and read, in a turn of the event loop. */
const PART_KEYS = 100;

/** The kinds of periods that records are summed up by. */
export type SumPeriod = SummaryPeriod | 'slice';

/** By what records are summed up. */
export interface SumOrder {
  /** The names of dimensions that come with the library. */
  readonly names: readonly string[];
  readonly timeZone: string;
  readonly period: SumPeriod;
}

/** Some keys of a dimension in the period that starts at a moment, with their figures, as one thread hands them to another. */
export type SumPart = readonly [start: number | null, dimension: string, packed: Uint8Array];

/** Adds records up, period by period. */
export class Sums {
  readonly dimensions: readonly Dimension[];
  readonly #periods: Periods;
  readonly #period: SumPeriod;
  readonly #aggregates = new Map<number | null, Aggregate>();
  #span: Span = { startMs: Infinity, endMs: -Infinity };
  #aggregate = new Aggregate([]);

  constructor(dimensions: readonly Dimension[], periods: Periods, period: SumPeriod) {
    this.dimensions = dimensions;
    this.#periods = periods;
    this.#period = period;
  }

  /** By what records are summed up, for somebody else who is to do it. */
  get order(): SumOrder {
    const names = this.dimensions.map(({ name }) => name);
    return { names, timeZone: this.#periods.timeZone, period: this.#period };
  }

  /** Adds a record. */
  add(record: UsageRecord, dateMs: number): void {
    if (dateMs < this.#span.startMs || dateMs >= this.#span.endMs) {
      this.#span = this.#period === 'total' ? ALWAYS : this.#periods.spanOf(this.#period, dateMs);
      this.#aggregate = this.#aggregateAt(this.#period === 'total' ? null : this.#span.startMs);
    }
    this.#aggregate.add(record, dateMs);
  }

  /** Adds a part of other sums. */
  merge([start, dimension, packed]: SumPart): void {
    const tallies = this.#aggregateAt(start).figures.get(dimension);
    for (const [key, tally] of readEntries(new NumberReader(packed), start ?? 0)) tallies?.merge(key, tally);
  }

  /** The figures of a period by the name of their dimension, also where there are no records in it. */
  figuresAt(start: number | null): ReadonlyMap<string, KeyTallies> {
    return this.#aggregateAt(start).figures;
  }

  /** The beginnings of periods with records. */
  starts(): IterableIterator<number | null> {
    return this.#aggregates.keys();
  }

  /** All figures in parts. */
  *parts(): IterableIterator<SumPart> {
    for (const [start, { figures }] of this.#aggregates) {
      for (const [dimension, tallies] of figures) {
        const entries = tallies.entries();
        for (let from = 0; from < entries.length; from += PART_KEYS) {
          const numbers = new NumberWriter();
          writeEntries(numbers, entries.slice(from, from + PART_KEYS), start ?? 0);
          yield [start, dimension, Uint8Array.from(numbers.bytes)];
        }
      }
    }
  }

  #aggregateAt(start: number | null): Aggregate {
    let aggregate = this.#aggregates.get(start);
    if (aggregate === undefined) this.#aggregates.set(start, (aggregate = new Aggregate(this.dimensions)));
    return aggregate;
  }
}
