import { type ColumnProperty, USAGE_COLUMNS, type UsageColumn } from '../../record/columns.js';
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
import { TurnBudget } from '../../time/turn-budget.js';
import { RowSums } from '../base/row-sums.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import type { ClickHouseConnection } from './connection.js';
import { moment, named, quoted } from './literals.js';
import type { RecordTable } from './table-check.js';
import { type ClickHouseTables, MILLISECONDS, columnNamed } from './tables.js';

/** Rows that are summed up from one statement: of fewer, the server reads most for nothing, as it reads some 8,000 together. */
const SUMMED_ROWS = 10_000;

/** Rows that are summed up between two looks at the clock. */
const LOOK_ROWS = 20;

/** The order of reading, in which rows lie: the server reads no further than it has to. */
const ORDER = 'date desc, id desc';

/** The order that has the row of a record that counts before its others, for which the server sorts. */
const EXACT_ORDER = `${ORDER}, version desc`;

/** What is read of columns; of dates, milliseconds since 1970. */
const selected = (columns: readonly UsageColumn[]): string =>
  columns
    .map(({ name, kind }) => (kind === 'date' ? `${MILLISECONDS}(${named(name)})` : named(name)))
    .join(', ');

const COLUMNS = new Map(USAGE_COLUMNS.map((column) => [column.property, column]));

const NUMBERS: ReadonlySet<UsageColumn['kind']> = new Set(['date', 'number', 'integer', 'count']);

/** Some of a query's records. */
interface Part extends ResolvedUsageCountQuery {
  readonly after?: UsagePosition | null;
  readonly limit: number;
  readonly offset?: number;
}

/**
 * Reads the records of a table. A record that was stored again may be there twice until the server merges the two: pages leave out the
 * later one of two neighbours, and are read once more, in another order, where there are any.
 */
export class ClickHouseReader implements UsageReader, SummaryReader, SummingReader {
  readonly #connection: ClickHouseConnection;
  readonly #tables: ClickHouseTables;
  readonly #summaries: SummaryStore;
  readonly #table: RecordTable;

  constructor(
    connection: ClickHouseConnection,
    tables: ClickHouseTables,
    summaries: SummaryStore,
    table: RecordTable,
  ) {
    this.#connection = connection;
    this.#tables = tables;
    this.#summaries = summaries;
    this.#table = table;
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
    await this.#table.assertFit(this.#connection);
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
    const part = { ...resolveUsageStreamQuery(query), limit: SUMMED_ROWS };
    const rows = new RowSums(sums, columns);
    const budget = new TurnBudget(LOOK_ROWS);
    const read = columns.map((property) => COLUMNS.get(property) as UsageColumn);
    const isNumber = read.map(({ kind }) => NUMBERS.has(kind));
    // A server may be set up to write numbers of 64 bits as text.
    const take = (values: unknown[]): unknown[] =>
      values.map((value, index) => (isNumber[index] === true && value !== null ? Number(value) : value));
    for (let after: UsagePosition | null = null; ;) {
      const found = await this.#rows(read, { ...part, after }, take, signal);
      for (const values of found) {
        rows.add(values);
        if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
      }
      if (found.length < part.limit) return rows.summed.count;
      after = rows.summed.last;
    }
  }

  /** @inheritdoc */
  async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    const answer: unknown = await answerSummary({ reader: this, store: this.#summaries }, query);
    return answer as UsageSummary<By>;
  }

  get #subject(): string {
    return `table '${this.#tables.name}'`;
  }

  async #find(part: Part): Promise<UsageRecord[]> {
    const texts = new Map<string, string>();
    return this.#rows(USAGE_COLUMNS, part, (values) => recordOfRow(rowOf(values), texts));
  }

  /**
   * Finds rows by as many statements as it takes: of a second row of a record, none is told.
   *
   * @param columns - id and date among them
   * @param make - makes an item of the values of a row
   */
  async #rows<Item>(
    columns: readonly UsageColumn[],
    { after = null, limit, offset = 0, ...query }: Part,
    make: (values: unknown[]) => Item,
    signal?: AbortSignal,
  ): Promise<Item[]> {
    const idAt = columns.findIndex(({ property }) => property === 'id');
    const dateAt = columns.findIndex(({ kind }) => kind === 'date');
    const items: Item[] = [];
    await this.#table.assertFit(this.#connection, signal);
    let order = offset > 0 ? EXACT_ORDER : ORDER;
    for (let last = after, isMore = true; isMore && items.length < limit;) {
      // One more than are wanted shows whether the last of these is there again.
      const wanted = limit - items.length + 1;
      const found: Item[] = [];
      let read = 0;
      let previous: UsagePosition | null = last;
      const sql =
        `select ${selected(columns)} from ${this.#tables.records} ${whereOf(query, last)} order by ${order} ` +
        // It has the server look at all records, and is for pages by their number alone.
        `${offset > 0 ? 'limit 1 by date, id ' : ''}limit ${wanted} offset ${offset}`;
      const take = (values: unknown[]): void => {
        read += 1;
        const id = String(values[idAt]);
        if (id === previous?.id) return;
        previous = { id, date: new Date(Number(values[dateAt])) };
        found.push(make(values));
      };
      await this.#connection.read(sql, this.#subject, take, signal);
      const isInDoubt = order === ORDER && found.length < read;
      order = isInDoubt ? EXACT_ORDER : order;
      if (isInDoubt) continue;
      items.push(...found);
      last = previous;
      isMore = read === wanted && offset === 0;
    }
    return items.slice(0, limit);
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
  for (const [index, { property, kind }] of USAGE_COLUMNS.entries())
    row[property] = kind === 'date' ? Number(values[index]) : values[index];
  return row as unknown as UsageRow;
}
