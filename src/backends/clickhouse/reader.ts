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
import { RowSums } from '../base/row-sums.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import type { ClickHouseConnection } from './connection.js';
import { moment, named, quoted } from './literals.js';
import type { RecordTable } from './table-check.js';
import { type ClickHouseTables, MILLISECONDS, columnNamed } from './tables.js';

/** Rows that are summed up from one statement: of fewer, the server reads most for nothing, as it reads some 8,000 together. */
const SUMMED_ROWS = 10_000;

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
 * later one of two neighbours, and so do sums.
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
    const read = columns.map((property) => COLUMNS.get(property) as UsageColumn);
    const isNumber = read.map(({ kind }) => NUMBERS.has(kind));
    // A server may be set up to write numbers of 64 bits as text.
    const add = (values: readonly unknown[]): void =>
      rows.add(
        values.map((value, index) => (isNumber[index] === true && value !== null ? Number(value) : value)),
      );
    for (let after: UsagePosition | null = null; ;) {
      const count = await this.#take(read, { ...part, after }, add, signal);
      if (count < part.limit) return rows.summed.count;
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
    const records: UsageRecord[] = [];
    await this.#take(USAGE_COLUMNS, part, (values) => records.push(recordOfRow(rowOf(values), texts)));
    return records;
  }

  /**
   * Takes one row of each record, by as many statements as it takes. The rows of a record are neighbours, and the one of the highest version
   * counts. The server does not sort them by it: it would sort all that is left for every page.
   *
   * @param columns - id and date among them
   * @returns how many records these are
   */
  async #take(
    columns: readonly UsageColumn[],
    { after = null, limit, offset = 0, ...query }: Part,
    take: (values: readonly unknown[]) => void,
    signal?: AbortSignal,
  ): Promise<number> {
    await this.#table.assertFit(this.#connection, signal);
    const rows = new OneRowEach(columns, limit, take);
    for (let isMore = true, more = 1; isMore && rows.count < limit;) {
      const before = rows.count;
      const wanted = limit - before + more;
      let read = 0;
      const sql =
        `select ${selected(columns)}, toString(version) from ${this.#tables.records} ` +
        `${whereOf(query, rows.last ?? after)} order by date desc, id desc` +
        // It has the server look at all records, and is for pages by their number alone.
        `${offset > 0 ? ', version desc limit 1 by date, id' : ''} limit ${wanted} offset ${offset}`;
      const add = (values: unknown[]): void => {
        read += 1;
        rows.add(values);
      };
      await this.#connection.read(sql, this.#subject, add, signal);
      isMore = read === wanted && offset === 0;
      rows.end(!isMore);
      // Of the last record, there may be rows that were not read. The next statement begins with it, and reads further where it was alone.
      more = rows.count === before ? more * 2 : 1;
    }
    return rows.count;
  }
}

/** Takes one of neighbouring rows of a record: the one of the highest version, which stands behind the columns. */
class OneRowEach {
  count = 0;
  readonly #idAt: number;
  readonly #dateAt: number;
  readonly #limit: number;
  readonly #take: (values: readonly unknown[]) => void;
  #held: readonly unknown[] | null = null;
  #taken: readonly unknown[] | null = null;

  constructor(columns: readonly UsageColumn[], limit: number, take: (values: readonly unknown[]) => void) {
    this.#idAt = columns.findIndex(({ property }) => property === 'id');
    this.#dateAt = columns.findIndex(({ kind }) => kind === 'date');
    this.#limit = limit;
    this.#take = take;
  }

  /** Where the row is that was taken last; null if none was. */
  get last(): UsagePosition | null {
    const taken = this.#taken;
    return taken && { id: String(taken[this.#idAt]), date: new Date(Number(taken[this.#dateAt])) };
  }

  /** Adds a row. */
  add(values: readonly unknown[]): void {
    const held = this.#held;
    if (held !== null && [this.#idAt, this.#dateAt].every((at) => values[at] === held[at])) {
      // All versions have twenty digits.
      if (String(values.at(-1)) > String(held.at(-1))) this.#held = values;
      return;
    }
    this.end(true);
    this.#held = values;
  }

  /** Takes the row that is held, or lets go of it. */
  end(isKnown: boolean): void {
    if (isKnown && this.#held !== null && this.count < this.#limit) {
      this.count += 1;
      this.#taken = this.#held;
      this.#take(this.#held);
    }
    this.#held = null;
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
