import { USAGE_COLUMNS } from '../../record/columns.js';
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
} from '../../storage/usage-query.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import type { SummaryQuery, SummaryReader, UsageSummary } from '../../storage/usage-summary.js';
import { answerSummary } from '../../summary/answer.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import type { ClickHouseConnection } from './connection.js';
import { moment, named, quoted } from './literals.js';
import { type ClickHouseTables, MILLISECONDS, columnNamed } from './tables.js';

/** What is read of each column. */
const VALUES = USAGE_COLUMNS.map(({ name, kind }) =>
  kind === 'date' ? `${MILLISECONDS}(${named(name)})` : named(name),
).join(', ');

const DATES = new Set(USAGE_COLUMNS.flatMap(({ property, kind }) => (kind === 'date' ? [property] : [])));

/** Some of a query's records. */
interface Part extends ResolvedUsageCountQuery {
  readonly after?: UsagePosition | null;
  readonly limit: number;
  readonly offset?: number;
}

/**
 * Reads the records of a table. A record that was stored again may be there twice until the server merges the two: pages leave out the
 * later one of two neighbours.
 */
export class ClickHouseReader implements UsageReader, SummaryReader {
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
    const sql = `select count() from ${this.#tables.records} final ${where}`;
    return Number((await this.#connection.readOne(sql, this.#subject))[0]);
  }

  /** @inheritdoc */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** @inheritdoc */
  async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    const answer: unknown = await answerSummary({ reader: this, store: this.#summaries }, query);
    return answer as UsageSummary<By>;
  }

  get #subject(): string {
    return `table '${this.#tables.name}'`;
  }

  /** Finds records by as many statements as it takes: of a second row of a record, none is told. */
  async #find({ after = null, limit, offset = 0, ...query }: Part): Promise<UsageRecord[]> {
    const records: UsageRecord[] = [];
    const texts = new Map<string, string>();
    for (let last = after, isMore = true; isMore && records.length < limit;) {
      const wanted = limit - records.length;
      let read = 0;
      const sql =
        `select ${VALUES} from ${this.#tables.records} ${whereOf(query, last)} order by date desc, id desc, version desc ` +
        // It has the server look at all records, and is for pages by their number alone.
        `${offset > 0 ? 'limit 1 by date, id ' : ''}limit ${wanted} offset ${offset}`;
      await this.#connection.read(sql, this.#subject, (values) => {
        read += 1;
        const record = recordOfRow(rowOf(values), texts);
        if (record.id !== last?.id) records.push(record);
        last = record;
      });
      isMore = read === wanted && offset === 0;
    }
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
  const column = columnNamed(name);
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
