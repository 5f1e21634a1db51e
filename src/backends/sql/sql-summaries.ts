import { setTimeout as pause } from 'node:timers/promises';
import {
  type MikroORM,
  TableExistsException,
  TableNotFoundException,
  UniqueConstraintViolationException,
} from '@mikro-orm/core';
import {
  type AbstractSqlConnection,
  type AbstractSqlPlatform,
  DatabaseSchema,
  type DatabaseTable,
  type Kysely,
  type SchemaHelper,
} from '@mikro-orm/sql';
import type { TrackUsageError } from '../../errors.js';
import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../storage/summary-store.js';
import { databaseError, isSetup } from '../base/database-error.js';
import { warnOfNoSummaries } from '../base/no-summaries.js';
import { assertOpen } from '../base/operations.js';
import type { SqlDialect } from './dialect.js';
import { convert, isAboutTable } from './errors.js';
import type { RunStatement, Statement } from './kysely.js';
import type { SummaryTable } from './summary-table.js';

/** A row as the database has it. */
type Stored = Record<Exclude<keyof SummaryRow, 'startMs' | 'endMs'> | 'start_ms' | 'end_ms', string | number>;

/** MikroORM's Kysely. */
type Client = Kysely<Record<string, Stored>>;

/** Ids of one statement. SQL Server takes 2,100 parameters. */
const STATEMENT_IDS = 500;

/** How often the table is looked for while another process seems to make it. */
const LOOKS = 10;
const PAUSE_MS = 100;

/** Rows of summaries and of the register in every SQL that MikroORM has a driver for. */
export class SqlSummaries implements SummaryStore {
  readonly #orm: MikroORM;
  readonly #table: SummaryTable;
  readonly #dialect: SqlDialect;
  readonly #run: RunStatement;
  /** Whether the table may be made: the register of endpoints needs it as well, also where nothing is summed up. */
  #mayMake = false;
  #hasWarned = false;
  #closed: TrackUsageError | null = null;

  constructor(orm: MikroORM, table: SummaryTable, dialect: SqlDialect, run: RunStatement) {
    this.#orm = orm;
    this.#table = table;
    this.#dialect = dialect;
    this.#run = run;
  }

  /** @inheritdoc */
  async prepare(make: boolean, signal: AbortSignal): Promise<boolean> {
    const mayMake = make && this.#table.isOwn;
    this.#mayMake ||= mayMake;
    const probe = async (): Promise<unknown> => {
      try {
        await this.#execute(
          (db) => db.selectFrom(this.#table.name).select('id').where('id', '=', ''),
          signal,
        );
        return null;
      } catch (error) {
        if (!this.#isMissing(error)) throw this.#errorOf(error);
        return error;
      }
    };
    const missing = await probe();
    if (missing === null) return true;
    if (!make) return false;
    const failure = mayMake ? await this.#make(signal) : missing;
    if (failure === null || (await probe()) === null) return true;
    const error = this.#errorOf(failure);
    if (error.code !== 'STORAGE_SETUP') throw error;
    if (!this.#hasWarned) warnOfNoSummaries(error.message);
    this.#hasWarned = true;
    return false;
  }

  /** @inheritdoc */
  async find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    try {
      const rows = await this.#execute(
        (db) => this.#where(db.selectFrom(this.#table.name).selectAll(), query),
        signal,
      );
      return rows.map((row) => rowOf(row as Stored)).filter((row) => isMeant(row, query));
    } catch (error) {
      if (this.#isMissing(error)) return [];
      throw this.#errorOf(error);
    }
  }

  /** @inheritdoc */
  async insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    if (rows.length === 0) return true;
    // Not every database that has a driver takes several rows in one statement.
    const pieces = this.#dialect.name === 'sql' ? rows.map((row) => [row]) : [rows];
    try {
      for (const piece of pieces) await this.#insert(piece, signal);
      return true;
    } catch (error) {
      if (convert(this.#orm, error) instanceof UniqueConstraintViolationException) return false;
      throw this.#errorOf(error);
    }
  }

  /** @inheritdoc */
  async delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    const ids = query.ids ?? [];
    try {
      for (let start = 0; start < Math.max(1, ids.length); start += STATEMENT_IDS) {
        const some = query.ids && { ids: ids.slice(start, start + STATEMENT_IDS) };
        await this.#execute(
          (db) => this.#where(db.deleteFrom(this.#table.name), { ...query, ...some }),
          signal,
        );
      }
    } catch (error) {
      if (!this.#isMissing(error)) throw this.#errorOf(error);
    }
  }

  /** Has a connection of our own read and write nothing more: it would be opened again. */
  close(reason: TrackUsageError): void {
    this.#closed = reason;
  }

  /** The table may have gone since it was made, with a file of SQLite that was replaced. */
  async #insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<void> {
    const insert = (): Promise<object[]> =>
      this.#execute((db) => db.insertInto(this.#table.name).values(rows.map(storedOf)), signal);
    try {
      await insert();
    } catch (error) {
      if (!this.#mayMake || !this.#isMissing(error)) throw error;
      await this.#make(signal);
      await insert();
    }
  }

  async #execute(build: (db: Client) => { compile(): Statement }, signal: AbortSignal): Promise<object[]> {
    if (this.#closed !== null) throw this.#closed;
    // A connection of our own is opened again where its file was taken away.
    if (!this.#table.isOwn) assertOpen(this.#orm.em);
    const connection = this.#orm.em.getConnection('write') as AbstractSqlConnection;
    await connection.ensureConnection();
    const client = connection.getClient<Record<string, Stored>>();
    const { schema } = this.#table;
    return this.#run(build(schema === null ? client : client.withSchema(schema)).compile(), signal);
  }

  // Kysely has a type of its own for each kind of statement, and one method of this name for all of them.
  #where<Query extends { compile(): Statement }>(statement: Query, query: SummaryRowQuery): Query {
    type Filtered = { where(column: string, operator: string, value: unknown): Filtered };
    let filtered = statement as unknown as Filtered;
    const { kinds, dimension, edition, ids, fromMs, beforeMs } = query;
    if (kinds !== undefined) filtered = filtered.where('kind', 'in', kinds);
    if (dimension !== undefined) filtered = filtered.where('dimension', '=', dimension);
    if (fromMs !== undefined) filtered = filtered.where('start_ms', '>=', fromMs);
    if (beforeMs !== undefined) filtered = filtered.where('start_ms', '<', beforeMs);
    if (edition !== undefined) filtered = filtered.where('edition', '=', edition);
    if (ids !== undefined) filtered = filtered.where('id', 'in', ids.length === 0 ? [''] : ids);
    return filtered as unknown as Query;
  }

  /**
   * Makes the table, as MikroORM would.
   *
   * @returns null where it is there, or why it could not be made
   */
  async #make(signal: AbortSignal): Promise<unknown> {
    for (let look = 1; ; look += 1) {
      try {
        for (const sql of this.#ddl()) await this.#run({ sql, parameters: [] }, signal);
        return null;
      } catch (error) {
        // Another process makes it.
        if (convert(this.#orm, error) instanceof TableExistsException) return null;
        if (look === LOOKS || isSetup(this.#conditionOf(error))) return error;
      }
      await pause(PAUSE_MS);
    }
  }

  #ddl(): string[] {
    const { orm, platform } = { orm: this.#orm, platform: this.#orm.em.getPlatform() as AbstractSqlPlatform };
    const helper = platform.getSchemaHelper() as SchemaHelper;
    const namespace = this.#table.schema ?? platform.getDefaultSchemaName();
    const schema = DatabaseSchema.fromMetadata([this.#table.entity], platform, orm.config, namespace, orm.em);
    const statements = helper.createTable(schema.getTables()[0] as DatabaseTable);
    return statements.map((statement) => statement.replace(/;$/, ''));
  }

  #conditionOf(error: unknown) {
    return this.#dialect.conditionOf(convert(this.#orm, error), this.#orm, this.#table);
  }

  #isMissing(error: unknown): boolean {
    return convert(this.#orm, error) instanceof TableNotFoundException;
  }

  #errorOf(error: unknown) {
    const { name, isOwn } = this.#table;
    const condition = this.#conditionOf(error);
    const isMissing = this.#isMissing(error);
    if (!isSetup(condition) && !isMissing)
      return databaseError(error, 'unavailable', `The table '${name}' cannot be used`);
    // What dialects say of a table's rights is about records. Not every server tells a missing table from one that is hidden.
    const isOfTable = isMissing || isAboutTable(condition);
    const make = isOwn
      ? `If it is missing, let the user make tables, or have somebody run: ${this.#ddl().join('; ')};`
      : 'If it is missing, run the migrations of the MikroORM that has usageEntities().';
    const rights = `Grant the user select, insert and delete on it. Without summaries and register, give trackUsage summaries: false and endpoints: false.`;
    const advice = isOfTable || !isSetup(condition) ? `${make} ${rights}` : condition.advice;
    return databaseError(error, { advice }, `The table '${name}' cannot be used`);
  }
}

function rowOf(row: Stored): SummaryRow {
  return {
    id: String(row.id),
    kind: String(row.kind) as SummaryRow['kind'],
    dimension: String(row.dimension),
    startMs: Number(row.start_ms),
    endMs: Number(row.end_ms),
    edition: String(row.edition),
    data: String(row.data),
  };
}

function storedOf({ startMs, endMs, ...texts }: SummaryRow): Stored {
  return { ...texts, start_ms: startMs, end_ms: endMs };
}

/** A collation may ignore case. */
function isMeant({ dimension, edition }: SummaryRow, query: SummaryRowQuery): boolean {
  return dimension === (query.dimension ?? dimension) && edition === (query.edition ?? edition);
}
