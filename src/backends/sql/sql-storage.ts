import { MikroORM, type Options } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { TrackUsageError } from '../../errors.js';
import { hasMethods, readOptions } from '../../option-reader.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { SaltStore } from '../../storage/salt-store.js';
import { checkDeletion } from '../../storage/usage-query.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import { RepositoryStorage } from '../mikro-orm/repository-storage.js';
import { SaltsInTurn } from '../mikro-orm/salts-in-turn.js';
import { addIndex, defineUsage } from './usage-entity.js';
import { type Elsewhere, type Summing, elsewheres, summings } from '../mikro-orm/elsewhere.js';
import { closeRepository } from '../mikro-orm/close-repository.js';
import type { UsageRepository } from '../mikro-orm/usage-repository.js';
import { Operations, assertOpen, storageClosed } from '../base/operations.js';
import { CONNECT, SqlStorageNaming, type SqlStorageOptions, resolveConnection } from './connect-options.js';
import type { SqlDeleter, SqlDialect, SqlDropper, SqlWriter } from './dialect.js';
import { findDialect } from './dialects.js';
import { deletionError, isSetup } from '../base/database-error.js';
import { convert } from './errors.js';
import { type RunStatement, inTransaction, runByKysely } from './kysely.js';
import { KyselySalts } from './kysely-salts.js';
import { PortableDeleter } from './portable/deleter.js';
import { checkReadable, prepareTable } from './prepare-table.js';
import { findSaltTable, refuseSalts } from './salt-table.js';
import { SqlSummaries } from './sql-summaries.js';
import { defineUsageSummaries, findSummaryTable } from './summary-table.js';
import { warnOfOthers } from './shared-database.js';
import { makePrivately } from './sqlite/open-file.js';
import { type UsageTable, findUsageTable } from './usage-table.js';

/** The connections of our own: which dialect writes on them, and into which table. */
export const OWN_CONNECTIONS = new WeakMap<
  MikroORM,
  { readonly dialect: SqlDialect; readonly table: UsageTable; readonly isReadOnly: boolean }
>();

/** Keeps records in a table of an SQL database, through MikroORM. */
export class SqlStorage extends RepositoryStorage {
  /** The server's time; left out where the database is a file. */
  readonly now?: (signal: AbortSignal) => Promise<Date>;
  /** Drops partitions of PostgreSQL that hold nothing but old records; left out on all else. */
  readonly dropBefore?: (date: Date, signal: AbortSignal) => Promise<number>;
  readonly #orm: MikroORM;
  readonly #dialect: SqlDialect;
  readonly #table: UsageTable;
  readonly #writer: SqlWriter;
  readonly #deleter: SqlDeleter;
  readonly #run: RunStatement;
  /** The salts, where they have to come to an end before the connection does. */
  readonly #salts: SaltsInTurn | null;
  /** Writes and deletions that are under way. */
  readonly #operations: Operations;

  /**
   * Keeps records through the application's own MikroORM. Its migrations make the table, and closing the storage
   * leaves it open.
   *
   * @param orm - a MikroORM with `Usage` among its entities
   * @throws {TrackUsageError} `INVALID_OPTION` if it is not a MikroORM; `STORAGE_SETUP` if it is for another kind of
   *   database, or does not know the entity
   */
  constructor(orm: MikroORM, options: SqlStorageNaming = {}) {
    const { name } = readOptions<SqlStorageNaming, SqlStorageNaming>(
      'new SqlStorage(orm, options)',
      SqlStorageNaming,
      options,
    );
    if (!hasMethods((orm as Partial<MikroORM> | undefined)?.em, 'getDriver')) {
      throw new TrackUsageError(
        'INVALID_OPTION',
        `new SqlStorage: expected the application's MikroORM, got a value of type ${typeof orm}. ` +
          'For a connection of its own, write await SqlStorage.connect({ driver, dbName }).',
      );
    }
    const own = OWN_CONNECTIONS.get(orm);
    const dialect = own?.dialect ?? findDialect(orm.em.getDriver(), 'new SqlStorage');
    const table = own?.table ?? findUsageTable(orm);
    // A connection of our own is opened again where its file was taken away.
    const assertPossible = own === undefined ? (): void => assertOpen(orm.em) : undefined;
    const salts = new SaltsInTurn(createSalts(orm, dialect, own?.table), assertPossible);
    const run = dialect.createRunner?.(orm) ?? runByKysely(orm);
    super({
      name: name ?? dialect.name,
      repository: orm.em.getRepository(table.entity.class) as unknown as UsageRepository,
      salts,
      summaryStore: createSummaries(orm, dialect, run, own !== undefined),
      isReadOnly: own?.isReadOnly === true,
    });
    this.#orm = orm;
    this.#operations = new Operations(assertPossible);
    this.#dialect = dialect;
    this.#run = run;
    this.#table = table;
    this.#salts = dialect.isEmbedded ? salts : null;
    this.#writer = dialect.createWriter(orm, table, own?.isReadOnly === false);
    if (dialect.clockSql !== undefined) this.now = this.#readClock.bind(this, dialect.clockSql);
    const dropper = dialect.createDropper?.(orm, table);
    if (dropper !== undefined) this.dropBefore = this.#drop.bind(this, dropper);
    this.#deleter = dialect.createDeleter?.(orm, table) ?? new PortableDeleter(orm, table);
    this.#readBy(dialect.createSumming?.(table, run), own && dialect.createReading?.(orm, table));
  }

  #readBy(summing: Summing | undefined, elsewhere: Elsewhere | null | undefined): void {
    const folding = this.summaries?.reader;
    if (summing && folding) summings.set(folding, summing);
    for (const reader of [this.reader, folding]) if (elsewhere && reader) elsewheres.set(reader, elsewhere);
  }

  /**
   * Keeps records through a connection of its own, which is closed with the storage. The table is made if it is
   * missing, and checked if it is not; with `readOnly`, it is left as it is.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if the
   *   database cannot be reached; `STORAGE_SETUP` if it does not let the user in, or the table is there with other columns, or cannot be read
   */
  static async connect(options: SqlStorageOptions): Promise<SqlStorage> {
    return SqlStorage.#connect(options, true);
  }

  /**
   * Opens a table that is there, as {@link connect} does, and makes neither a table nor an index: for tools that delete
   * or sum up what applications have stored.
   *
   * @throws {TrackUsageError} as {@link connect} does; `STORAGE_SETUP` too if the table or a column is missing
   */
  static async connectToExisting(
    options: Omit<SqlStorageOptions, 'indexes' | 'partition'>,
  ): Promise<SqlStorage> {
    const storage = await SqlStorage.#connect(options, false);
    storage.summaries?.makeNothing();
    return storage;
  }

  static async #connect(options: SqlStorageOptions, mayChange: boolean): Promise<SqlStorage> {
    const resolved = resolveConnection(options);
    const { dialect, tableName, name, readOnly: isReadOnly, indexes, partition, target, file } = resolved;
    if (file !== null && !isReadOnly && mayChange) await makePrivately(file);
    const entity = defineUsage(tableName);
    for (const field of indexes) addIndex(entity, field);
    const orm = await MikroORM.init({
      ...resolved.orm,
      entities: [entity, defineUsageSummaries(tableName)],
    } as Options);
    try {
      const table = findUsageTable(orm, partition !== undefined);
      // Closing the ORM ends its pool only if Kysely has used it, and writers go past Kysely.
      if (!dialect.isEmbedded) await inTransaction(orm, new AbortController().signal, async () => {});
      await dialect.prepareConnections?.(orm);
      await (isReadOnly ? checkReadable(orm, table) : prepareTable(orm, table, dialect, mayChange));
      if (table.hasMonths) await dialect.makeMonths?.(orm, table);
      if (!isReadOnly && mayChange) await warnOfOthers(orm, tableName, dialect, target);
      OWN_CONNECTIONS.set(orm, { dialect, table, isReadOnly });
      const storage = new SqlStorage(orm, { name });
      if (await dialect.isInRangesOfIds?.(orm, table)) storage.reader.boundIds();
      return storage;
    } catch (error) {
      await orm.close(true).catch(() => {});
      if (error instanceof TrackUsageError) throw error;
      const message = `${CONNECT}: ${dialect.explainConnect(target, error)}`;
      const condition = dialect.conditionOf(convert(orm, error), orm, findUsageTable(orm));
      throw new TrackUsageError(isSetup(condition) ? 'STORAGE_SETUP' : 'STORAGE_CONNECT', message, error);
    }
  }

  /** @inheritdoc */
  protected override async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    return this.#operations.run(signal, (combined) => this.#writer.write(batch, combined));
  }

  /** @inheritdoc */
  protected override prune(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.#retain(signal, (combined) => this.#deleter.delete(date, limit, combined));
  }

  async #drop(dropper: SqlDropper, date: Date, signal: AbortSignal): Promise<number> {
    this.assertWritable();
    checkDeletion(date, Infinity);
    signal.throwIfAborted();
    const drops = await this.#retain(signal, (combined) => dropper.plan(date, combined));
    let total = 0;
    let failure: unknown = null;
    for (const { before, run } of drops) {
      let isOver = false;
      const drop = async (combined: AbortSignal): Promise<number> => {
        const count = await this.#retain(combined, run);
        isOver = count === null;
        return count ?? 0;
      };
      try {
        total += await this.aroundPast(before, signal, drop);
      } catch (error) {
        failure ??= error;
      }
      if (isOver || signal.aborted) break;
    }
    // What was dropped is counted; the error comes again with the next call.
    if (failure !== null && total === 0) throw failure;
    return total;
  }

  /** Does something for the option `retention`. */
  async #retain<Value>(
    signal: AbortSignal,
    action: (combined: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    this.assertUnclosed();
    try {
      return await this.#operations.run(signal, action);
    } catch (thrown) {
      const error = convert(this.#orm, thrown);
      const condition = this.#dialect.conditionOf(error, this.#orm, this.#table);
      throw deletionError(error, condition, `table '${this.#table.name}'`);
    }
  }

  #readClock(sql: string, signal: AbortSignal): Promise<Date> {
    return this.#retain(signal, async () => {
      const [row] = await (this.#orm.em.getConnection('write') as AbstractSqlConnection).execute(sql);
      return new Date(Number(row?.['now']));
    });
  }

  /** @inheritdoc */
  protected override async remove(records: readonly UsagePosition[], signal: AbortSignal): Promise<void> {
    const ids = records.map(({ id }) => id);
    await this.#retain(signal, async (combined) => {
      const connection = this.#orm.em.getConnection('write') as AbstractSqlConnection;
      await connection.ensureConnection();
      const { name, schema } = this.#table;
      const client = connection.getClient<Record<string, { id: string }>>();
      const deletion = (schema === null ? client : client.withSchema(schema))
        .deleteFrom(name)
        .where('id', 'in', ids);
      await this.#run(deletion.compile(), combined);
    });
  }

  /** @inheritdoc */
  protected override withoutTraces<Value>(
    _signal: AbortSignal,
    action: () => Promise<Value>,
  ): Promise<Value> {
    return this.#dialect.withoutTraces?.(this.#orm, action) ?? action();
  }

  /** @inheritdoc */
  protected override endReading(): void {
    if (OWN_CONNECTIONS.has(this.#orm)) closeRepository(this.reader, this.name);
  }

  /** @inheritdoc */
  protected override async disconnect(): Promise<void> {
    const isOwner = OWN_CONNECTIONS.has(this.#orm);
    if (isOwner && this.register instanceof SqlSummaries) this.register.close(storageClosed(this.name));
    this.#operations.close(
      new TrackUsageError('STORAGE_CLOSED', `The storage '${this.name}' was closed in the midst of a batch.`),
    );
    // libSQL's client ends the process if a statement finds its database closed.
    await Promise.all([this.#operations.idle(), this.#salts?.idle()]);
    await Promise.all([this.#writer.close?.(), elsewheres.get(this.reader)?.close()]);
    if (isOwner) await this.#orm.close(true);
  }
}

function createSummaries(
  orm: MikroORM,
  dialect: SqlDialect,
  run: RunStatement,
  isOwn: boolean,
): SqlSummaries | null {
  const table = findSummaryTable(orm, isOwn);
  return table && new SqlSummaries(orm, table, dialect, run);
}

function createSalts(orm: MikroORM, dialect: SqlDialect, ownTable: UsageTable | undefined): SaltStore {
  const table = findSaltTable(orm, ownTable);
  if (table === null) return { claim: refuseSalts, deleteBefore: refuseSalts };
  return dialect.createSalts?.(orm, table) ?? new KyselySalts(orm, table, dialect);
}
