import type { ColumnProperty } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { bucketBounds, bucketOf } from '../../summary/durations.js';
import type { Sums } from '../../summary/sums.js';
import { FIGURE_COLUMNS, WEIGHT_STEP } from '../../summary/tally.js';
import { MILLISECONDS, columnNamed } from './tables.js';

/** Columns that are figures and parts of keys as well: they have few values. */
const BOTH: readonly ColumnProperty[] = ['status', 'aborted', 'bot'];

/** What a group says beside the values of its columns: of each bucket a duration and the weight, then sums and ends. */
type Figures = readonly [durations: readonly number[], weights: readonly number[], ...rest: unknown[]];

type Rest = readonly [
  requestBytes: number,
  responseBytes: number,
  durationSumUs: number,
  longestUs: number,
  firstMs: number,
  lastMs: number,
  count: number,
];

/** Rounds as `Math.round` does: ClickHouse rounds halves to even numbers. */
function rounded(value: string): string {
  return `(floor(${value}) + (${value} - floor(${value}) >= 0.5))`;
}

/**
 * Has ClickHouse add records up that have a period and all parts of their keys in common. All that is added are
 * integers, or multiples of the step of weights, so that the order does not matter, and the sums equal those of record by record.
 */
export class GroupedSums {
  /** How many records were added up. */
  count = 0;
  readonly #sums: Sums;
  readonly #columns: readonly ColumnProperty[];
  /** The columns as parts of a user agent; null for others. */
  readonly #agentParts: readonly (string | null)[];
  /** One object for all groups: of a record, keys keep nothing but texts and numbers. */
  readonly #record: Record<string, unknown>;
  readonly #userAgent: Record<string, unknown> = {};

  /** @param columns - what is needed of a record */
  constructor(sums: Sums, columns: readonly ColumnProperty[]) {
    this.#sums = sums;
    this.#columns = [...columns.filter((column) => !FIGURE_COLUMNS.includes(column)), ...BOTH];
    this.#agentParts = this.#columns.map((property) =>
      /^ua[A-Z]/.test(property) ? property.charAt(2).toLowerCase() + property.slice(3) : null,
    );
    this.#record = { userAgent: this.#userAgent };
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
    const inner =
      `select ${keys}, ${weight} as w, ${bytes('requestBytes')} as rq, ${bytes('responseBytes')} as rs, ${us} as u, ` +
      // What is longer than the last bound is told as it is.
      `if(${duration} >= ${bounds.at(-1)}, ${duration}, roundDown(${duration}, [${bounds.join(', ')}])) as d, ` +
      `${rounded(`${us} * (${weight})`)} as us, ${MILLISECONDS}(${columnNamed('date')}) as ms from ${from}`;
    const byBucket =
      `select ${keys}, d, sum(w) as w, sum(rq) as rq, sum(rs) as rs, sum(us) as us, max(u) as u, min(ms) as lo, max(ms) as hi, ` +
      `count() as n${period && `${period} as p`} from (${inner}) group by ${keys}, d${period && ', p'}`;
    return (
      `select ${keys}, groupArray(d), groupArray(w), sum(rq), sum(rs), sum(us), max(u), min(lo), max(hi), sum(n) ` +
      `from (${byBucket}) group by ${keys}${period && ', p'}`
    );
  }

  /** Adds a row of the answer. */
  add(values: readonly unknown[]): void {
    const record = this.#record;
    for (const [index, part] of this.#agentParts.entries()) {
      const value = values[index];
      if (part === null) record[this.#columns[index] as string] = value;
      else this.#userAgent[part] = value;
    }
    if (typeof record['ipInfo'] === 'string') record['ipInfo'] = JSON.parse(record['ipInfo']);
    this.#addGroup(
      record as unknown as UsageRecord,
      values.slice(this.#columns.length) as unknown as Figures,
    );
  }

  #addGroup(record: UsageRecord, [durations, weights, ...rest]: Figures): void {
    const [requestBytes, responseBytes, durationSumUs, durationUs, firstMs, lastMs, count] = rest.map(
      Number,
    ) as unknown as Rest;
    const weight = weights.reduce((sum, each) => sum + each, 0);
    const status = record.status ?? 0;
    this.#sums.addPart(record, {
      weight: weights[0] as number,
      clientErrors: status >= 400 && status < 500 ? weight : 0,
      serverErrors: status >= 500 && status < 600 ? weight : 0,
      aborted: record.aborted ? weight : 0,
      bots: record.bot ? weight : 0,
      requestBytes,
      responseBytes,
      durationSumUs,
      durationUs,
      dateMs: firstMs,
      bucket: bucketOf(durations[0] as number),
    });
    for (let index = 1; index < durations.length; index += 1) {
      const bucket = bucketOf(durations[index] as number);
      this.#sums.addPart(record, { ...NOTHING, weight: weights[index] as number, dateMs: lastMs, bucket });
    }
    if (durations.length === 1 && lastMs > firstMs)
      this.#sums.addPart(record, { ...NOTHING, dateMs: lastMs, bucket: bucketOf(durations[0] as number) });
    this.count += count;
  }
}

/** A part to which others are added. */
const NOTHING = {
  weight: 0,
  clientErrors: 0,
  serverErrors: 0,
  aborted: 0,
  bots: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationSumUs: 0,
  durationUs: 0,
} as const;
