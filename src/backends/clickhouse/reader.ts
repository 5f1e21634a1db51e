import { type ColumnProperty, USAGE_COLUMNS } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import { type FilterValue, type UsageFilter, classBounds } from '../../storage/usage-filters.js';
import { type UsagePage, streamUsagePages, usagePageOf } from '../../storage/usage-page.js';
import {
  type ResolvedUsageCountQuery,
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  type UsageStreamQuery,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
  resolveUsageStreamQuery,
} from '../../storage/usage-query.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import type { SummaryQuery, SummaryReader, UsageSummary } from '../../storage/usage-summary.js';
import { answerSummary } from '../../summary/answer.js';
import type { SummingReader } from '../../summary/record-scan.js';
import type { Sums } from '../../summary/sums.js';
import { RowSums } from '../base/row-sums.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import type { ClickHouseConnection } from './connection.js';
import { moment, named, quoted } from './literals.js';
import { type ClickHouseTables, readSettings } from './tables.js';

/** What is read of each column: a date as a number of milliseconds. */
const VALUES = new Map(
  USAGE_COLUMNS.map(({ property, name, kind }) => [
    property,
    kind === 'date' ? `toUnixTimestamp64Milli(${named(name)})` : named(name),
  ]),
);

const NAMES = new Map<string, string>(USAGE_COLUMNS.map(({ property, name }) => [property, named(name)]));

const DATES = new Set(USAGE_COLUMNS.flatMap(({ property, kind }) => (kind === 'date' ? [property] : [])));

/** Some of a query's records. */
interface Part extends ResolvedUsageCountQuery {
  readonly after?: UsagePosition | null;
  readonly limit: number;
  readonly offset?: number;
}

/**
 * Reads the records of a table. A record that was stored again may be there twice until the server merges the two: pages leave out the
 * later one of two neighbours, and sums read with `final`, which does so for all and takes longer.
 */
export class ClickHouseReader implements UsageReader, SummaryReader, SummingReader {
  readonly #connection: ClickHouseConnection;
  readonly #tables: ClickHouseTables;
  readonly #summaries: SummaryStore;

  constructor(connection: ClickHouseConnection, tables: ClickHouseTables, summaries: SummaryStore) {
    this.#connection = connection;
    this.#tables = tables;
    this.#summaries = summaries;
  }

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    return this.#find(resolveUsageQuery(query));
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    return usagePageOf(await this.#find({ ...resolved, limit: resolved.limit + 1 }), resolved);
  }

  /** @inheritdoc */
  async countUsage(query?: UsageCountQuery): Promise<number> {
    const where = whereOf(resolveUsageCountQuery(query));
    const sql = `select count() from ${this.#tables.records} final ${where}${this.#settings}`;
    return Number((await this.#connection.readOne(sql, this.#subject))[0]);
  }

  /** @inheritdoc */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** @inheritdoc */
  async sumUsage(
    query: UsageStreamQuery,
    columns: readonly ColumnProperty[],
    sums: Sums,
    signal: AbortSignal,
  ): Promise<number> {
    const where = whereOf(resolveUsageStreamQuery(query));
    const values = columns.map((property) => VALUES.get(property)).join(', ');
    const sql = `select ${values} from ${this.#tables.records} final ${where}${this.#settings}`;
    const rows = new RowSums(sums, columns);
    await this.#connection.read(sql, this.#subject, (row) => rows.add(row), signal);
    return rows.summed.count;
  }

  /** @inheritdoc */
  async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    const answer: unknown = await answerSummary({ reader: this, store: this.#summaries }, query);
    return answer as UsageSummary<By>;
  }

  get #subject(): string {
    return `table '${this.#tables.name}'`;
  }

  get #settings(): string {
    return readSettings(this.#tables);
  }

  async #find({ after = null, limit, offset = 0, ...query }: Part): Promise<UsageRecord[]> {
    const sql =
      `select ${[...VALUES.values()].join(', ')} from ${this.#tables.records} ${whereOf(query, after)} ` +
      `order by date desc, id desc, version desc limit 1 by date, id limit ${limit} offset ${offset}${this.#settings}`;
    const records: UsageRecord[] = [];
    const texts = new Map<string, string>();
    await this.#connection.read(sql, this.#subject, (row) => records.push(recordOfRow(rowOf(row), texts)));
    return records;
  }
}

/** The condition of a checked query. */
export function whereOf(
  { startDate, endDate, filters }: ResolvedUsageCountQuery,
  after: UsagePosition | null = null,
): string {
  const end = after === null ? endDate && `date < ${moment(endDate)}` : `date <= ${moment(after.date)}`;
  const conditions = [
    startDate && `date >= ${moment(startDate)}`,
    end,
    after && `(date < ${moment(after.date)} or id < ${quoted(after.id)})`,
    ...[...filters].map(conditionOf),
  ].filter((condition) => condition !== null);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

function conditionOf([name, value]: readonly [UsageFilter, FilterValue]): string {
  const column = NAMES.get(name);
  const bounds = classBounds(name, value);
  if (Array.isArray(value))
    return `(${value.map((one) => conditionOf([name, one as FilterValue])).join(' or ')})`;
  if (bounds !== null) return `(${column} >= ${bounds[0]} and ${column} < ${bounds[1]})`;
  if (value === null) return `isNull(${column})`;
  return `${column} = ${typeof value === 'string' ? quoted(value) : String(value)}`;
}

function rowOf(values: readonly unknown[]): UsageRow {
  const row: Record<string, unknown> = {};
  for (const [index, { property }] of USAGE_COLUMNS.entries())
    row[property] = DATES.has(property) ? Number(values[index]) : values[index];
  return row as unknown as UsageRow;
}
