import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { firstIdAt, momentOfId } from '../../../record/record-id.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { databaseError, isSetup } from '../../base/database-error.js';
import { LOCK_WAIT_MS } from '../connection-lease.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf, lacksPartition, missingPartition } from './errors.js';
import { type Month, dropNote, monthAt, monthsOf, partitionOf, startOf } from './months.js';
import { type RunAlone, runAlone } from './run-statement.js';

/** Months whose partitions are made before records of them come, beside that of the newest record. */
const MONTHS_AHEAD = 2;

const DAY_MS = 86_400_000;

/** Whether a table is in ranges of ids, whoever has made it so; null where there is no table. */
export async function isInRangesOfIds(
  orm: MikroORM,
  table: UsageTable,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean | null> {
  const name = orm.em.getPlatform().quoteValue(quoteTable(table));
  const sql = `select pg_get_partkeydef(oid) as key from pg_class where oid = to_regclass(${name})`;
  const [row] = (await runAlone(orm)(sql, signal)) as { key: string | null }[];
  return row === undefined ? null : row.key === 'RANGE (id)';
}

/** Makes the partitions of a table, one a month of UTC. Any process may do so, and several at once. */
export class MonthPartitions {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #run: RunAlone;
  /** The first id with which further months are made. Those of now are made by `prepare`. */
  #aheadFrom = firstIdAt(startOf(monthAt(Date.now()) + 1));

  constructor(orm: MikroORM, table: UsageTable) {
    this.#orm = orm;
    this.#table = table;
    this.#run = runAlone(orm);
  }

  /**
   * Makes the partitions of this month and the next ones.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if the table is not partitioned by id, or a right is missing
   */
  async prepare(): Promise<void> {
    const { name } = this.#table;
    if (!(await isInRangesOfIds(this.#orm, this.#table)))
      throw new TrackUsageError(
        'STORAGE_SETUP',
        `The table '${name}' is there, and is not partitioned by range of its column id. Make a table of months of it, as ` +
          "docs/storages.md says under «A table of months», or leave out the option 'partition'.",
      );
    const months = monthsFrom(monthAt(Date.now()));
    try {
      await this.#run(this.#making(months), new AbortController().signal);
    } catch (error) {
      if (!isSetup(conditionOf(error))) throw error;
      const advice = `Let the user own the table and create others in its schema, or have somebody who may run: ${this.#making(months)};`;
      throw databaseError(error, { advice }, `The partitions of the table '${name}' cannot be made`);
    }
  }

  /** Inserts records: first makes the next months if it is time to, and in between those that are missing. */
  async around<Value>(
    records: readonly UsageRecord[],
    signal: AbortSignal,
    insert: () => Promise<Value>,
  ): Promise<Value> {
    await this.#makeAhead(records.at(-1)?.id ?? '', signal);
    try {
      return await insert();
    } catch (error) {
      const months = lacksPartition(error) ? monthsOf(records.map(({ id }) => id)) : [];
      if (months.length === 0) throw error;
      await this.#run(this.#making(months), signal).catch((failure: unknown) => {
        // The error of the insertion says which partition somebody else may make.
        throw isSetup(conditionOf(failure)) ? error : failure;
      });
      return await insert().catch(async (again: unknown) => {
        throw (await this.#detached(again, signal)) ?? again;
      });
    }
  }

  /** The error of a month whose table is there and no partition, so that it could not be made; null for every other error. */
  async #detached(error: unknown, signal: AbortSignal): Promise<TrackUsageError | null> {
    const partition = lacksPartition(error) ? missingPartition(error, this.#table) : null;
    if (partition === null) return null;
    const { name, bounds } = partition;
    const sql = `select from pg_class where oid = to_regclass(${this.#orm.em.getPlatform().quoteValue(name)})`;
    if ((await this.#run(sql, signal)).length === 0) return null;
    const table = quoteTable(this.#table);
    const advice = `Somebody has detached ${name}. Rename it, or run: alter table ${table} attach partition ${name} ${bounds};`;
    return databaseError(error, { advice }, `The table '${this.#table.name}' cannot be written`);
  }

  async #makeAhead(newest: string, signal: AbortSignal): Promise<void> {
    const ms = newest < this.#aheadFrom ? null : momentOfId(newest);
    if (ms === null) return;
    const month = monthAt(ms);
    // Where they cannot be made now, there is time: it is tried again with the records of the next day.
    this.#aheadFrom = firstIdAt(ms + DAY_MS);
    await this.#run(this.#making(monthsFrom(month)), signal).then(
      () => (this.#aheadFrom = firstIdAt(startOf(month + 1))),
      () => {},
    );
  }

  /**
   * One statement that makes what is missing, one process at a time. Attaching a table lets others read and write meanwhile, which
   * `create table … partition of` does not. A month that other partitions hold is left to them, and one that somebody has detached by
   * hand to its owner.
   */
  #making(months: readonly Month[]): string {
    const quoteValue = (value: string): string => this.#orm.em.getPlatform().quoteValue(value);
    const table = quoteTable(this.#table);
    const note = dropNote(`to_regclass(${quoteValue(table)})`);
    const blocks = months.map((month) => {
      const { name, bounds } = partitionOf(this.#table, month);
      const found = `to_regclass(${quoteValue(name)})`;
      const entry = `exists (select from pg_inherits where inhrelid = ${found}`;
      const attach =
        `alter table ${table} attach partition ${name} ${bounds}; ` +
        'exception when invalid_object_definition then null; end;';
      return (
        `if ${found} is null then begin create table ${name} (like ${table} including all); ` +
        `comment on table ${name} is null; ${attach} ` +
        `elsif starts_with(obj_description(${found}, 'pg_class'), ${note}) ` +
        `and not ${entry} and not inhdetachpending) then ` +
        `if ${entry}) then alter table ${table} detach partition ${name} finalize; end if; ` +
        `begin comment on table ${name} is null; ${attach} end if;`
      );
    });
    return (
      `do $months$ begin perform set_config('lock_timeout', '${LOCK_WAIT_MS}', true), ` +
      `pg_advisory_xact_lock(hashtext('koa-track-usage months'), hashtext(${quoteValue(table)})); ${blocks.join(' ')} end $months$`
    );
  }
}

function monthsFrom(month: Month): Month[] {
  return Array.from({ length: MONTHS_AHEAD + 1 }, (_, index) => month + index);
}
