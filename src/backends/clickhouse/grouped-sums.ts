import type { ColumnProperty } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { bucketBounds, bucketOf } from '../../summary/durations.js';
import type { Sums } from '../../summary/sums.js';
import { FIGURE_COLUMNS, WEIGHT_STEP } from '../../summary/tally.js';
import { MILLISECONDS, columnNamed } from './tables.js';

/** Columns that are figures and parts of keys as well: they have few values. */
const BOTH: readonly ColumnProperty[] = ['status', 'aborted', 'bot'];

/** What a group says beside the values of its columns. */
type Figures = readonly [
  durationMs: number,
  weight: number,
  requestBytes: number,
  responseBytes: number,
  durationSumUs: number,
  durationUs: number,
  firstMs: number,
  lastMs: number,
  count: number,
];

/** Rounds as `Math.round` does: ClickHouse rounds halves to even numbers. */
function rounded(value: string): string {
  return `(floor(${value}) + (${value} - floor(${value}) >= 0.5))`;
}

/**
 * Has ClickHouse add records up that have a period, all parts of their keys and the bucket of their durations in common. All that is added are
 * integers, or multiples of the step of weights, so that the order does not matter, and the sums equal those of record by record.
 */
export class GroupedSums {
  /** How many records were added up. */
  count = 0;
  readonly #sums: Sums;
  readonly #columns: readonly ColumnProperty[];

  /** @param columns - what is needed of a record */
  constructor(sums: Sums, columns: readonly ColumnProperty[]) {
    this.#sums = sums;
    this.#columns = [...columns.filter((column) => !FIGURE_COLUMNS.includes(column)), ...BOTH];
  }

  /**
   * The statement that reads the groups.
   *
   * @param from - the table and the condition
   * @param starts - the beginnings of the periods
   */
  statement(from: string, starts: readonly number[]): string {
    const bounds = bucketBounds();
    const weight = `${rounded(`${columnNamed('weight')} / ${WEIGHT_STEP}`)} * ${WEIGHT_STEP}`;
    const duration = columnNamed('durationMs');
    const us = rounded(`${duration} * 1000`);
    const bytes = (property: ColumnProperty): string =>
      rounded(`toFloat64(ifNull(${columnNamed(property)}, 0)) * (${weight})`);
    const keys = this.#columns.map(columnNamed).join(', ');
    const period = starts.length > 1 ? `, roundDown(ms, [${starts.join(', ')}])` : '';
    return (
      `select ${keys}, d, sum(w), sum(rq), sum(rs), sum(us), max(u), min(ms), max(ms), count() from (select ${keys}, ` +
      // What is longer than the last bound is told as it is.
      `if(${duration} >= ${bounds.at(-1)}, ${duration}, roundDown(${duration}, [${bounds.join(', ')}])) as d, ` +
      `${weight} as w, ${bytes('requestBytes')} as rq, ${bytes('responseBytes')} as rs, ${us} as u, ` +
      `${rounded(`${us} * (${weight})`)} as us, ${MILLISECONDS}(${columnNamed('date')}) as ms from ${from}) ` +
      `group by ${keys}, d${period}`
    );
  }

  /** Adds a row of the answer. */
  add(values: readonly unknown[]): void {
    const userAgent: Record<string, unknown> = {};
    const record: Record<string, unknown> = { userAgent };
    for (const [index, property] of this.#columns.entries()) {
      const part = /^ua(?<name>[A-Z]\w*)$/.exec(property)?.groups?.['name'];
      const value = values[index];
      if (part !== undefined) userAgent[part.charAt(0).toLowerCase() + part.slice(1)] = value;
      else record[property] = property === 'ipInfo' && value !== null ? JSON.parse(String(value)) : value;
    }
    this.#addGroup(
      record as unknown as UsageRecord,
      values.slice(this.#columns.length).map(Number) as unknown as Figures,
    );
  }

  #addGroup(record: UsageRecord, figures: Figures): void {
    const [
      durationMs,
      weight,
      requestBytes,
      responseBytes,
      durationSumUs,
      durationUs,
      firstMs,
      lastMs,
      count,
    ] = figures;
    const status = record.status ?? 0;
    const part = {
      weight,
      clientErrors: status >= 400 && status < 500 ? weight : 0,
      serverErrors: status >= 500 && status < 600 ? weight : 0,
      aborted: record.aborted ? weight : 0,
      bots: record.bot ? weight : 0,
      requestBytes,
      responseBytes,
      durationSumUs,
      durationUs,
      dateMs: firstMs,
      bucket: bucketOf(durationMs),
    };
    this.#sums.addPart(record, part);
    const { bucket } = part;
    this.#sums.addPart(record, { ...NOTHING, durationUs, dateMs: lastMs, bucket });
    this.count += count;
  }
}

/** A part that adds a date alone. */
const NOTHING = {
  weight: 0,
  clientErrors: 0,
  serverErrors: 0,
  aborted: 0,
  bots: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationSumUs: 0,
} as const;
