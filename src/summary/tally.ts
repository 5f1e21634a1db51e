import type { ColumnProperty } from '../record/columns.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { SummaryFigures } from '../storage/usage-summary.js';
import { bucketOf, quantile } from './durations.js';

/**
 * Weights are kept in multiples of this, and all other figures in integers. Sums of such numbers are exact up to 2^53 of them: a
 * sum does not depend on its order, and a merged summary equals that of the records to the last bit.
 */
const WEIGHT_STEP = 2 ** -20;

/** The columns of a record that figures are made of, and those of its place among others. */
export const FIGURE_COLUMNS: readonly ColumnProperty[] = [
  'id',
  'date',
  'durationMs',
  'status',
  'aborted',
  'requestBytes',
  'responseBytes',
  'bot',
  'weight',
];

/** A record's part of the figures. It is worked out once for all dimensions. */
export interface Contribution {
  readonly weight: number;
  readonly clientErrors: number;
  readonly serverErrors: number;
  readonly aborted: number;
  readonly bots: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationSumUs: number;
  readonly durationUs: number;
  readonly dateMs: number;
  readonly bucket: number;
}

/** Works out the part of the figures that a record contributes; a record of weight 10 counts as ten requests. */
export function contributionOf(record: UsageRecord): Contribution {
  const { status, durationMs } = record;
  const weight = Math.round(record.weight / WEIGHT_STEP) * WEIGHT_STEP;
  const durationUs = Math.round(durationMs * 1000);
  return {
    weight,
    clientErrors: status !== null && status >= 400 && status < 500 ? weight : 0,
    serverErrors: status !== null && status >= 500 && status < 600 ? weight : 0,
    aborted: record.aborted ? weight : 0,
    bots: record.bot ? weight : 0,
    requestBytes: Math.round((record.requestBytes ?? 0) * weight),
    responseBytes: Math.round((record.responseBytes ?? 0) * weight),
    durationSumUs: Math.round(durationUs * weight),
    durationUs,
    dateMs: record.date.getTime(),
    bucket: bucketOf(durationMs),
  };
}

/** A tally as a list of numbers: the figures in the order of the class, then the buckets in pairs. */
export type TallyNumbers = readonly number[];

/** How many numbers stand before the buckets. */
const FIGURES = 11;

/** The figures of one key in one period. */
export class Tally {
  #hits = 0;
  #clientErrors = 0;
  #serverErrors = 0;
  #aborted = 0;
  #bots = 0;
  #requestBytes = 0;
  #responseBytes = 0;
  #durationSumUs = 0;
  #durationMaxUs = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  /** Null as long as there is nothing but {@link #first}. */
  #buckets: Map<number, number> | null = null;
  /** The numbers that the tally began with: most tallies of an answer are of one row, and need no map. */
  #first: TallyNumbers | null = null;

  /** Requests. */
  get hits(): number {
    return this.#hits;
  }

  /** Adds a record's part. */
  add(part: Contribution): void {
    this.#hits += part.weight;
    this.#clientErrors += part.clientErrors;
    this.#serverErrors += part.serverErrors;
    this.#aborted += part.aborted;
    this.#bots += part.bots;
    this.#requestBytes += part.requestBytes;
    this.#responseBytes += part.responseBytes;
    this.#durationSumUs += part.durationSumUs;
    if (part.durationUs > this.#durationMaxUs) this.#durationMaxUs = part.durationUs;
    if (part.dateMs < this.#firstMs) this.#firstMs = part.dateMs;
    if (part.dateMs > this.#lastMs) this.#lastMs = part.dateMs;
    const buckets = this.#buckets ?? this.#openBuckets();
    buckets.set(part.bucket, (buckets.get(part.bucket) ?? 0) + part.weight);
  }

  /** Adds another tally, or the numbers of one. */
  merge(part: Tally | TallyNumbers): void {
    const numbers = part instanceof Tally ? part.#numbersWith(part.#buckets ?? part.#sortedBuckets()) : part;
    const isFirst = this.#firstMs === Infinity;
    const at = (index: number): number => numbers[index] as number;
    this.#hits += at(0);
    this.#clientErrors += at(1);
    this.#serverErrors += at(2);
    this.#aborted += at(3);
    this.#bots += at(4);
    this.#requestBytes += at(5);
    this.#responseBytes += at(6);
    this.#durationSumUs += at(7);
    if (at(8) > this.#durationMaxUs) this.#durationMaxUs = at(8);
    if (at(9) < this.#firstMs) this.#firstMs = at(9);
    if (at(10) > this.#lastMs) this.#lastMs = at(10);
    if (isFirst && numbers === part) this.#first = numbers;
    else addBuckets(this.#buckets ?? this.#openBuckets(), numbers);
  }

  /** The tally as numbers, from which another one can be made by {@link merge}. */
  toNumbers(): number[] {
    return this.#numbersWith(this.#sortedBuckets());
  }

  /** The figures as `getSummary` hands them out. */
  toFigures(): SummaryFigures {
    const buckets = this.#sortedBuckets();
    const max = this.#durationMaxUs / 1000;
    // The middle of the highest bucket may be above the longest duration.
    const percentile = (share: number): number => Math.min(quantile(buckets, share), max);
    return {
      hits: this.#hits,
      clientErrors: this.#clientErrors,
      serverErrors: this.#serverErrors,
      aborted: this.#aborted,
      bots: this.#bots,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      durationMs: {
        mean: this.#hits === 0 ? 0 : this.#durationSumUs / this.#hits / 1000,
        max,
        p50: percentile(0.5),
        p95: percentile(0.95),
        p99: percentile(0.99),
      },
      firstDate: new Date(this.#firstMs),
      lastDate: new Date(this.#lastMs),
    };
  }

  #numbersWith(buckets: Iterable<readonly [bucket: number, count: number]>): number[] {
    const numbers = [
      this.#hits,
      this.#clientErrors,
      this.#serverErrors,
      this.#aborted,
      this.#bots,
      this.#requestBytes,
      this.#responseBytes,
      this.#durationSumUs,
      this.#durationMaxUs,
      this.#firstMs,
      this.#lastMs,
    ];
    for (const [bucket, count] of buckets) numbers.push(bucket, count);
    return numbers;
  }

  #openBuckets(): Map<number, number> {
    const buckets = new Map<number, number>();
    if (this.#first !== null) addBuckets(buckets, this.#first);
    this.#first = null;
    this.#buckets = buckets;
    return buckets;
  }

  #sortedBuckets(): [bucket: number, count: number][] {
    const first = this.#first;
    if (first === null) return [...(this.#buckets ?? [])].toSorted(([one], [other]) => one - other);
    return Array.from({ length: (first.length - FIGURES) / 2 }, (_value, index) => [
      first[FIGURES + 2 * index] as number,
      first[FIGURES + 2 * index + 1] as number,
    ]);
  }
}

function addBuckets(buckets: Map<number, number>, numbers: TallyNumbers): void {
  for (let index = FIGURES; index < numbers.length; index += 2) {
    const bucket = numbers[index] as number;
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + (numbers[index + 1] as number));
  }
}
