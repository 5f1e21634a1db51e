import { randomUUID } from 'node:crypto';
import { TrackUsageError } from '../../errors.js';
import type {
  SummaryRow,
  SummaryRowKind,
  SummaryRowQuery,
  SummaryStore,
} from '../../storage/summary-store.js';
import { warnOfNoSummaries } from '../base/no-summaries.js';
import type { ClickHouseConnection } from './connection.js';
import { isMissingTable } from './errors.js';
import { quoted, quotedList } from './literals.js';
import { checkTable } from './table-check.js';
import {
  type ClickHouseTables,
  DELETED,
  MILLISECONDS,
  ROW_COLUMNS,
  onCluster,
  rowTable,
  wantedRows,
} from './tables.js';

/** Ids in one statement: of longer ones ClickHouse reads 256 KiB at most. */
const STATEMENT_IDS = 1000;

/** Kinds of rows that have random ids, of which no other process can want one. They are most of all that come alone. */
const UNCONTENDED: ReadonlySet<SummaryRowKind> = new Set(['writing', 'touched', 'unsure', 'fold']);

/** The time of the server, in milliseconds since 1970. */
const NOW_MS = `${MILLISECONDS}(now64(3))`;

/**
 * How long a row says that another one is deleted, in milliseconds: nothing is on its way for longer that it would have to hide. The end of its
 * span is the moment of the deletion.
 */
const KEPT_MS = 2 * 86_400_000;

/** Rows that are worth being tidied, and the time from one look for them to the next, in milliseconds. */
const TIDY_ROWS = 1000;
const TIDY_MS = 3_600_000;

/** Turns in which a row may be added whose token is taken, while neither the row nor another one of its id is there. */
const MOST_TURNS = 20;

/**
 * Rows of summaries in a table that is only added to. There are no transactions, and no unique keys, so that four things take their place:
 *
 * - A row whose id several processes may want carries the id as the token of its insertion, and the server takes each token once: of
 *   several processes that add a row of an id at once, one alone succeeds.
 * - A token outlives its row where that is lost, or is taken away by hand. Then the next token of the id decides.
 * - Were the token forgotten, the row that came first counts: it has the highest version.
 * - A row is deleted by another one of a higher version still, and its id is taken for two days.
 *
 * Whether a row was added is seen by what is there, as each insertion has a name of its own.
 */
export class ClickHouseSummaries implements SummaryStore {
  readonly #connection: ClickHouseConnection;
  readonly #tables: ClickHouseTables;
  /** Whether the table may be made where it is missing. */
  readonly #mayMake: boolean;
  #hasWarned = false;
  /** When to look for rows to be tidied, in milliseconds since 1970. */
  #tidyMs = -Infinity;

  constructor(connection: ClickHouseConnection, tables: ClickHouseTables, mayMake: boolean) {
    this.#connection = connection;
    this.#tables = tables;
    this.#mayMake = mayMake;
  }

  /** @inheritdoc */
  async prepare(make: boolean, signal: AbortSignal): Promise<boolean> {
    if (await this.#isThere(signal)) return true;
    if (!make) return false;
    const failure = this.#mayMake ? await this.#make(signal) : `The ${this.#subject} is missing.`;
    if (failure === null) return true;
    const sql = rowTable(this.#tables).replaceAll(/\s+/g, ' ');
    if (!this.#hasWarned)
      warnOfNoSummaries(
        `${failure} To have them, have somebody run: ${sql}; Without them, give trackUsage summaries: false and endpoints: false.`,
      );
    this.#hasWarned = true;
    return false;
  }

  /** @inheritdoc */
  async find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    const found: SummaryRow[] = [];
    const take = (row: unknown[]): void => void found.push(rowOf(row));
    for (const some of inStatements(query)) {
      const sql = `select ${ROW_COLUMNS} from ${this.#tables.rows} final ${whereOf(some)}`;
      await this.#unlessMissing(() => this.#read(sql, take, signal));
    }
    return found;
  }

  /** @inheritdoc */
  async insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    const [first] = rows;
    if (first === undefined) return true;
    const writer = randomUUID();
    const lines = rows.map(({ id, kind, dimension, startMs, endMs, edition, data }) =>
      JSON.stringify([id, kind, dimension, startMs, endMs, edition, data, writer]),
    );
    const text = [Buffer.from(lines.join('\n'))];
    const into = `${this.#tables.rows} (${ROW_COLUMNS}, writer)`;
    const failed = `The ${this.#subject} cannot be written`;
    if (rows.length > 1 || UNCONTENDED.has(first.kind)) {
      await this.#connection.insert(into, text, failed, signal);
      return true;
    }
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      const token = { insert_deduplicate: 1, insert_deduplication_token: `${first.id} ${turn}` };
      await this.#connection.insert(into, text, failed, signal, token);
      const counting = await this.#writerOf(first, signal);
      if (counting !== null) return counting === writer;
    }
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The ${this.#subject} takes rows and does not have them: '${first.id}' is not there. Check that its engine is that of ` +
        'clickHouseTables(), and that no row policy hides its rows.',
    );
  }

  /** @inheritdoc */
  async delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    const { rows } = this.#tables;
    for (const some of inStatements(query)) {
      const found = `select id, kind, dimension, start_ms, ${NOW_MS}, '', '', '', ${DELETED}, 1 from ${rows} final ${whereOf(some)}`;
      const sql = `insert into ${rows} (${ROW_COLUMNS}, writer, version, is_deleted) ${found}`;
      const failed = `Rows of the ${this.#subject} cannot be deleted`;
      await this.#unlessMissing(() => this.#connection.insertSelected(sql, failed, signal));
    }
    if (Date.now() < this.#tidyMs) return;
    this.#tidyMs = Date.now() + TIDY_MS;
    // Nobody waits for it: it may take minutes, and records are stored behind this deletion.
    void this.#tidy(new AbortController().signal).catch(() => {
      // Another time, or by a process whose user may do so: such rows take room, and are right.
    });
  }

  /** Has the server forget the content of what was deleted, as far as it has not yet done so by itself. */
  async purge(signal: AbortSignal): Promise<void> {
    const sql = `optimize table ${this.#tables.rows}${onCluster(this.#tables)} final`;
    const failed = `Deleted rows of the ${this.#subject} cannot be purged`;
    await this.#unlessMissing(() => this.#connection.change(sql, failed, signal));
  }

  /** Takes rows away that say of others that they are deleted, once those are gone. */
  async #tidy(signal: AbortSignal): Promise<void> {
    const { rows } = this.#tables;
    let [count, lastMs] = [0, 0];
    const old = `select count(), max(end_ms) from ${rows} where is_deleted = 1 and end_ms < ${NOW_MS} - ${KEPT_MS}`;
    await this.#read(old, (found) => ([count, lastMs] = found.map(Number) as [number, number]), signal);
    if (count < TIDY_ROWS) return;
    await this.purge(signal);
    const sql = `delete from ${rows}${onCluster(this.#tables)} where is_deleted = 1 and end_ms <= ${lastMs}`;
    await this.#connection.change(sql, `The ${this.#subject} cannot be tidied`, signal);
  }

  get #subject(): string {
    return `table '${this.#tables.name}_summary'`;
  }

  async #isThere(signal: AbortSignal): Promise<boolean> {
    const sql = `select ${ROW_COLUMNS}, writer, version, is_deleted from ${this.#tables.rows} limit 0`;
    let isThere = false;
    await this.#unlessMissing(async () => {
      await checkTable(this.#connection, wantedRows(this.#tables), signal);
      await this.#read(sql, () => {}, signal);
      isThere = true;
    });
    return isThere;
  }

  /** Makes the table; why not, if the user may not. */
  async #make(signal: AbortSignal): Promise<string | null> {
    try {
      await this.#connection.command(rowTable(this.#tables), `The ${this.#subject} cannot be made`, signal);
      return null;
    } catch (error) {
      if ((error as TrackUsageError).code === 'STORAGE_SETUP') return (error as TrackUsageError).message;
      throw error;
    }
  }

  /** Who added the row of an id that counts, `''` where it is deleted; null where there is none. */
  async #writerOf({ id, kind, dimension, startMs }: SummaryRow, signal: AbortSignal): Promise<string | null> {
    const key = whereOf({ kinds: [kind], dimension, fromMs: startMs, beforeMs: startMs + 1, ids: [id] });
    let writer: string | null = null;
    const sql = `select writer from ${this.#tables.rows} ${key} order by version desc limit 1`;
    await this.#read(sql, ([found]) => (writer = String(found)), signal);
    return writer;
  }

  #read(sql: string, take: (row: unknown[]) => void, signal: AbortSignal): Promise<void> {
    return this.#connection.read(sql, this.#subject, take, signal);
  }

  async #unlessMissing(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isMissingTable(error)) throw error;
    }
  }
}

/** A query in parts, each of which is not too long for a statement. */
function inStatements({ ids, ...query }: SummaryRowQuery): SummaryRowQuery[] {
  if (ids === undefined) return [query];
  return Array.from({ length: Math.ceil(ids.length / STATEMENT_IDS) }, (_, index) => ({
    ...query,
    ids: ids.slice(index * STATEMENT_IDS, (index + 1) * STATEMENT_IDS),
  }));
}

function whereOf({ kinds, ids, dimension, edition, fromMs, beforeMs }: SummaryRowQuery): string {
  const conditions = [
    kinds && (kinds.length === 0 ? 'false' : `kind in ${quotedList(kinds)}`),
    ids && `id in ${quotedList(ids)}`,
    dimension !== undefined && `dimension = ${quoted(dimension)}`,
    edition !== undefined && `edition = ${quoted(edition)}`,
    fromMs !== undefined && `start_ms >= ${fromMs}`,
    beforeMs !== undefined && `start_ms < ${beforeMs}`,
  ].filter((condition) => typeof condition === 'string');
  return conditions.length === 0 ? 'where true' : `where ${conditions.join(' and ')}`;
}

function rowOf([id, kind, dimension, startMs, endMs, edition, data]: unknown[]): SummaryRow {
  return {
    id: String(id),
    kind: String(kind) as SummaryRowKind,
    dimension: String(dimension),
    startMs: Number(startMs),
    endMs: Number(endMs),
    edition: String(edition),
    data: String(data),
  };
}
