import { setImmediate as nextTurn } from 'node:timers/promises';
import { EntityRepository, type FilterQuery, type IDatabaseDriver } from '@mikro-orm/core';
import type { TrackUsageError } from '../../errors.js';
import type { ColumnProperty } from '../../record/columns.js';
import { firstIdAt } from '../../record/record-id.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import { type UsagePage, streamUsagePages, usagePageOf, walkUsagePages } from '../../storage/usage-page.js';
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
import type { ColumnReader, SummingReader } from '../../summary/record-scan.js';
import type { Sums } from '../../summary/sums.js';
import { convertedWhere } from './converted-where.js';
import type { FoundPageQuery, Part } from './found-page-query.js';
import { readError } from '../base/database-error.js';
import { type Elsewhere, type Summed, type Summing, elsewheres, summings } from './elsewhere.js';
import { holdsLoop } from './holds-loop.js';
import { assertOpen } from '../base/operations.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import { whereOf } from './where-of.js';

/**
 * Records that one statement reads, unless it runs elsewhere: drivers and MikroORM make rows of an answer in one turn of
 * the event loop. It is a page of 500, and the record that tells of the next one.
 */
const PIECE_RECORDS = 501;

/** Entries of the index that a page walks through in one turn: 100 records, which take 9 µs each, and one that tells of the next page. */
const READ_ENTRIES = 101;

/** Entries of the index that a count walks through in one turn: SQLite takes 0.3 µs for each. */
const COUNTED_ENTRIES = 2000;

/** The connections whose records are in ranges of ids. */
const inRangesOfIds = new WeakSet<IDatabaseDriver>();

/** Where the summaries are that belong to the records of a connection. */
const summaryStores = new WeakMap<IDatabaseDriver, SummaryStore>();

/**
 * The MikroORM repository of usage records. Ask TypeDI for it in a controller's constructor, or MikroORM with
 * `orm.em.getRepository(Usage)`. Its methods for records and summaries reject with a `TrackUsageError`, which has the database's error as its
 * `cause`; those that every repository of MikroORM has throw MikroORM's errors.
 */
export class UsageRepository
  extends EntityRepository<UsageRow>
  implements UsageReader, SummaryReader, ColumnReader, SummingReader
{
  /** Whether it reads where records are written, also where there are replicas: only there everything is that was marked. */
  protected readsPrimary = false;

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { offset, ...selection } = resolveUsageQuery(query);
    return this.#findInPieces({ ...selection, after: null }, offset);
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    return usagePageOf(await this.#findInPieces({ ...resolved, limit: resolved.limit + 1 }), resolved);
  }

  /** @inheritdoc */
  async countUsage(query?: UsageCountQuery): Promise<number> {
    return this.countRecords(resolveUsageCountQuery(query));
  }

  /** @inheritdoc */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** @inheritdoc */
  scanUsage(
    query: UsageStreamQuery,
    columns: readonly ColumnProperty[] | null,
  ): AsyncIterableIterator<UsageRecord[]> {
    return walkUsagePages(query, (page) => this.#findInPieces({ ...page, columns }));
  }

  /** @inheritdoc */
  async sumUsage(
    query: UsageStreamQuery,
    columns: readonly ColumnProperty[],
    sums: Sums,
    signal: AbortSignal,
  ): Promise<number | null> {
    const own = summings.get(this);
    const isAlone = own !== undefined && !this.getEntityManager().isInTransaction();
    const summing = (await this.#findElsewhere()) ?? (isAlone ? own : undefined);
    if (summing === undefined) return null;
    const part = { ...resolveUsageStreamQuery(query), columns, limit: summing.pieceRecords };
    let total = 0;
    for (let after: UsagePosition | null = null; ;) {
      const { count, last }: Summed = await this.#sum(summing, { ...part, after }, sums, signal);
      total += count;
      after = last;
      if (count < part.limit) return total;
    }
  }

  /** @inheritdoc */
  async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    const answer: unknown = await answerSummary({ reader: this, store: this.summaryStore() }, query);
    return answer as UsageSummary<By>;
  }

  /** A repository of the same records that reads where they are written. */
  fromPrimary(): UsageRepository {
    const Repository = this.constructor as typeof UsageRepository;
    const primary = new Repository(this.getEntityManager(), this.entityName as never);
    primary.readsPrimary = true;
    return primary;
  }

  /** Has this repository, and all others of its connection, answer from summaries. */
  keepSummaries(store: SummaryStore): void {
    summaryStores.set(this.getEntityManager().getDriver(), store);
  }

  /** Has this repository, and all others of its connection, say from which id on records are, so that no older partition is looked into. */
  boundIds(): void {
    inRangesOfIds.add(this.getEntityManager().getDriver());
  }

  /** Where the summaries are; null where there are none. */
  protected summaryStore(): SummaryStore | null {
    return summaryStores.get(this.getEntityManager().getDriver()) ?? null;
  }

  /** The error that a reader gets for one of the database. Engines know what theirs mean, and whether the connection was closed meanwhile. */
  protected errorOf(error: unknown): TrackUsageError {
    return readError(error, 'unavailable', 'table of records');
  }

  /** Waits for what a database has to read. */
  protected async reading<Value>(read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  async #sum(summing: Summing, part: Part, sums: Sums, signal: AbortSignal): Promise<Summed> {
    let summed: Summed = { count: 0, last: null };
    const begin = (): void => void this.getEntityManager();
    const executeQuery = async ({ sql }: { readonly sql: string }): Promise<{ rows: object[] }> => {
      summed = await summing.sum(sql, part.columns ?? [], sums, signal, begin);
      return { rows: [] };
    };
    // Nobody asks any more whether the database is at fault.
    await this.#findRows(part, { executeQuery }).finally(() => signal.throwIfAborted());
    return summed;
  }

  async #findInPieces(query: FoundPageQuery, offset = 0): Promise<UsageRecord[]> {
    const most = (await this.#findElsewhere()) === null ? PIECE_RECORDS : query.limit;
    const records: UsageRecord[] = [];
    for (let after = query.after; ; await nextTurn()) {
      const limit = Math.min(most, query.limit - records.length);
      const found = await this.findRecords({ ...query, after, limit }, records.length === 0 ? offset : 0);
      records.push(...found);
      after = found.at(-1) ?? null;
      if (found.length < limit || records.length === query.limit) return records;
    }
  }

  /** Finds the records of a checked query, newest first. */
  protected async findRecords(query: FoundPageQuery, offset = 0): Promise<UsageRecord[]> {
    const elsewhere = await this.#findElsewhere();
    const isShort = query.limit <= READ_ENTRIES && query.filters.size + offset === 0;
    if (isShort || elsewhere !== null || !this.#holdsLoop())
      return this.#find({ ...query, offset }, elsewhere);
    const records: UsageRecord[] = [];
    let toSkip = offset;
    for await (const part of this.#partsOf(query, READ_ENTRIES)) {
      const found = await this.#find({ ...part, limit: query.limit - records.length, offset: toSkip });
      records.push(...found);
      if (records.length === query.limit) break;
      toSkip -= found.length > 0 || toSkip === 0 ? toSkip : await this.#count(part);
    }
    return records;
  }

  /** Counts the records of a checked query. */
  protected async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    const elsewhere = await this.#findElsewhere();
    if (elsewhere !== null || !this.#holdsLoop()) return this.#count(query, elsewhere);
    let total = 0;
    for await (const part of this.#partsOf(query, COUNTED_ENTRIES)) total += await this.#count(part);
    return total;
  }

  async #findElsewhere(): Promise<Elsewhere | null> {
    const elsewhere = elsewheres.get(this);
    if (elsewhere === undefined || this.getEntityManager().isInTransaction()) return null;
    return (await this.reading(() => elsewhere.start())) === null ? null : elsewhere;
  }

  #holdsLoop(): boolean {
    return holdsLoop(this.getEntityManager().getDriver());
  }

  /** Walks the index, a turn of the event loop for each part: SQLite passes over entries without looking at their records. */
  async *#partsOf(query: Part, entries: number): AsyncGenerator<Part> {
    for (let after = query.after ?? null, isOver = false; !isOver; await nextTurn()) {
      const ahead = { ...query, filters: new Map<never, never>(), after, limit: 1, offset: entries - 1 };
      const [until = null] = await this.#find(ahead);
      yield { ...query, after, until };
      after = until;
      isOver = until === null;
    }
  }

  /** Reads records by one statement. */
  async #find(part: Part, elsewhere: Elsewhere | null = null): Promise<UsageRecord[]> {
    const records: UsageRecord[] = [];
    const texts = new Map<string, string>();
    const context = this.#context(elsewhere, (row) => records.push(recordOfRow(row, texts)));
    const rows = await this.#findRows(part, context);
    return rows.length === 0 ? records : rows.map((row) => recordOfRow(row as UsageRow, texts));
  }

  #findRows({ limit = 1, offset = 0, columns = null, ...part }: Part, ctx: unknown): Promise<object[]> {
    // The driver's own find returns plain rows: no identity map, no change tracking, and a third of the time.
    const driver = this.getEntityManager().getDriver();
    const find = (): Promise<object[]> =>
      driver.find<UsageRow>(this.entityName, this.#where(part), {
        orderBy: [{ date: 'desc' }, { id: 'desc' }],
        limit,
        offset,
        ...(columns !== null && { fields: columns as never }),
        ...(this.readsPrimary && { connectionType: 'write' }),
        ctx,
      });
    return this.reading(find);
  }

  #count(part: Part, elsewhere: Elsewhere | null = null): Promise<number> {
    const ctx = this.#context(elsewhere);
    const driver = this.getEntityManager().getDriver();
    return this.reading(() => driver.count<UsageRow>(this.entityName, this.#where(part), { ctx }));
  }

  #where({ after = null, until = null, ...query }: Part): FilterQuery<UsageRow> {
    const driver = this.getEntityManager().getDriver();
    const { startDate } = query;
    const conditions = {
      ...whereOf(until === null ? query : { ...query, startDate: until.date }, after),
      ...(startDate !== null &&
        inRangesOfIds.has(driver) && { id: { $gte: firstIdAt(startDate.getTime()) } }),
    };
    const end = until && { $or: [{ date: { $gt: until.date } }, { id: { $gte: until.id } }] };
    const where = end === null ? conditions : { $and: [conditions, end] };
    return convertedWhere(driver, this.entityName, where);
  }

  /**
   * The transaction of a statement. MikroORM takes for one what runs the statement elsewhere.
   *
   * @param take - gets row after row, instead of MikroORM
   */
  #context(elsewhere: Elsewhere | null, take?: (row: UsageRow) => void): unknown {
    const em = this.getEntityManager();
    if (elsewhere === null) {
      assertOpen(em);
      return em.getTransactionContext();
    }
    const executeQuery = async ({ sql }: { readonly sql: string }): Promise<{ rows: object[] }> => {
      const rows: object[] = [];
      await elsewhere.read(sql, (piece) => {
        // It throws where the repository was closed meanwhile.
        this.getEntityManager();
        if (take === undefined) rows.push(...piece);
        else for (const row of piece) take(row as UsageRow);
      });
      return { rows };
    };
    return { executeQuery };
  }
}
