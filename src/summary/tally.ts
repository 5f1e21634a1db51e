import type { ColumnProperty } from '../record/columns.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { SummaryFigures } from '../storage/usage-summary.js';
import { Durations, bucketOf, durationOf, quantiles } from './durations.js';
import { NumberReader, type NumberWriter } from './numbers.js';

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
export function contributionOf(record: UsageRecord, dateMs = record.date.getTime()): Contribution {
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
    dateMs,
    bucket: bucketOf(durationMs),
  };
}

/** The shares of all requests that percentiles are asked for. */
const SHARES = [0.5, 0.95, 0.99];

/** Figures to be written over: V8 copies an object that has all names in a fraction of the time that it takes to give them to one. */
const BLANK: SummaryFigures = {
  hits: 0,
  clientErrors: 0,
  serverErrors: 0,
  aborted: 0,
  bots: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: { mean: 0, max: 0, p50: 0, p95: 0, p99: 0 },
  firstDate: new Date(0),
  lastDate: new Date(0),
};

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

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
  #durations: Durations | null = null;
  /** Durations as they were read, until others are added: most tallies of an answer are of one row. */
  #packed: NumberReader | null = null;
  #step = 1;
  /** The buckets of the percentiles of what was read. */
  #percentiles: readonly number[] = [];

  /** Reads what {@link write} has written. */
  static read(numbers: NumberReader, baseMs: number): Tally {
    const tally = new Tally();
    const step = numbers.read() === 0 ? 1 : WEIGHT_STEP;
    tally.#step = step;
    tally.#hits = numbers.read() * step;
    tally.#clientErrors = numbers.read() * step;
    tally.#serverErrors = numbers.read() * step;
    tally.#aborted = numbers.read() * step;
    tally.#bots = numbers.read() * step;
    tally.#requestBytes = numbers.read();
    tally.#responseBytes = numbers.read();
    tally.#durationSumUs = numbers.read();
    tally.#durationMaxUs = numbers.read();
    tally.#firstMs = numbers.read() + baseMs;
    tally.#lastMs = numbers.read() + tally.#firstMs;
    tally.#percentiles = [numbers.read(), numbers.read(), numbers.read()];
    tally.#packed = numbers.readPart();
    return tally;
  }

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
    (this.#durations ?? this.#unpack()).add(part.bucket, part.weight);
  }

  /** Adds another tally. */
  merge(part: Tally): void {
    this.#hits += part.#hits;
    this.#clientErrors += part.#clientErrors;
    this.#serverErrors += part.#serverErrors;
    this.#aborted += part.#aborted;
    this.#bots += part.#bots;
    this.#requestBytes += part.#requestBytes;
    this.#responseBytes += part.#responseBytes;
    this.#durationSumUs += part.#durationSumUs;
    if (part.#durationMaxUs > this.#durationMaxUs) this.#durationMaxUs = part.#durationMaxUs;
    if (part.#firstMs < this.#firstMs) this.#firstMs = part.#firstMs;
    if (part.#lastMs > this.#lastMs) this.#lastMs = part.#lastMs;
    part.#addDurationsTo(this.#durations ?? this.#unpack());
  }

  /** Writes the tally, its dates as times after a moment. */
  write(numbers: NumberWriter, baseMs: number): void {
    const durations = this.#durations ?? this.#unpack();
    const counts = [this.#hits, this.#clientErrors, this.#serverErrors, this.#aborted, this.#bots];
    const isWhole = counts.every(Number.isInteger) && durations.every(Number.isInteger);
    const step = isWhole ? 1 : WEIGHT_STEP;
    numbers.write(isWhole ? 0 : 1, ...counts.map((count) => count / step));
    numbers.write(this.#requestBytes, this.#responseBytes, this.#durationSumUs, this.#durationMaxUs);
    numbers.write(this.#firstMs - baseMs, this.#lastMs - this.#firstMs);
    const packed = durations.pack(step);
    numbers.write(...quantiles(new NumberReader(Uint8Array.from(packed)), this.#hits / step, SHARES));
    numbers.writeBytes(packed);
  }

  /** The figures as `getSummary` hands them out. */
  toFigures(): SummaryFigures {
    return this.writeTo({ ...BLANK });
  }

  /** Writes the figures into an object. */
  writeTo<Row extends Writable<SummaryFigures>>(row: Row): Row {
    row.hits = this.#hits;
    row.clientErrors = this.#clientErrors;
    row.serverErrors = this.#serverErrors;
    row.aborted = this.#aborted;
    row.bots = this.#bots;
    row.requestBytes = this.#requestBytes;
    row.responseBytes = this.#responseBytes;
    const max = this.#durationMaxUs / 1000;
    const mean = this.#hits === 0 ? 0 : this.#durationSumUs / this.#hits / 1000;
    const [p50 = 0, p95 = 0, p99 = 0] = this.#packed === null ? this.#findPercentiles() : this.#percentiles;
    // The middle of the highest bucket may be above the longest duration.
    row.durationMs = {
      mean,
      max,
      p50: Math.min(durationOf(p50), max),
      p95: Math.min(durationOf(p95), max),
      p99: Math.min(durationOf(p99), max),
    };
    row.firstDate = new Date(this.#firstMs);
    row.lastDate = new Date(this.#lastMs);
    return row;
  }

  #findPercentiles(): number[] {
    const packed = Uint8Array.from((this.#durations ?? new Durations()).pack(WEIGHT_STEP));
    return quantiles(new NumberReader(packed), this.#hits / WEIGHT_STEP, SHARES);
  }

  #unpack(): Durations {
    this.#durations = this.#addDurationsTo(new Durations());
    this.#packed = null;
    return this.#durations;
  }

  #addDurationsTo(durations: Durations): Durations {
    if (this.#packed !== null) durations.mergePacked(this.#packed, this.#step);
    else if (this.#durations !== null) durations.merge(this.#durations);
    return durations;
  }
}
