import type { MikroORM } from '@mikro-orm/core';
import { momentOfId } from '../../../record/record-id.js';
import { databaseError, isSetup } from '../../base/database-error.js';
import type { SqlDrop, SqlDropper } from '../dialect.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf, isDependedOn, isOutOfReach } from './errors.js';
import { dropNote } from './months.js';
import { type RunAlone, runAlone } from './run-statement.js';

/** A partition of the table, or one that was detached in order to be dropped. */
interface Partition {
  /** Quoted, with its schema. */
  readonly name: string;
  /** Whether a process has detached it, or has begun to, so that no query sees it any more. */
  readonly stage: 'attached' | 'pending' | 'detached';
  /** Whether it has the note of those that are to be dropped. */
  readonly isNoted: boolean;
  /** The note that it has, or is to have. */
  readonly note: string;
  /** Its bounds, as PostgreSQL writes them; of one that is detached, as the note does. */
  readonly bounds: string;
}

/** Bounds of ids. Those of a note become SQL, and the note may be anybody's. */
const BOUNDS = /^FOR VALUES FROM \((?:MINVALUE|'[\da-f-]{36}')\) TO \('([\da-f-]{36})'\)$/;

/**
 * How long a lock is waited for, in milliseconds: those who come later for it wait as well. It is longer than an autovacuum takes to give
 * way, which is PostgreSQL's `deadlock_timeout` of a second.
 */
const LOCK_WAIT_MS = 2000;

/** How long the end of dropping is waited for, in milliseconds, when nobody else waits any more. */
const DROP_MS = 5000;

/** How large a table may be for its records to be counted, in bytes; of a larger one, PostgreSQL's own estimate has to do. */
const COUNTED_BYTES = 2 ** 30;

/** Drops partitions that hold nothing but old records: those of ids that were made before a date. */
export class PartitionDropper implements SqlDropper {
  readonly #run: RunAlone;
  readonly #table: string;
  readonly #quoteValue: (value: string) => string;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#run = runAlone(orm);
    this.#table = quoteTable(table);
    this.#quoteValue = (value) => orm.em.getPlatform().quoteValue(value);
  }

  /** @inheritdoc */
  async plan(date: Date, signal: AbortSignal): Promise<readonly SqlDrop[]> {
    const drops: SqlDrop[] = [];
    for (const partition of (await this.#run(this.#finding(), signal)) as Partition[]) {
      const endMs = momentOfId(BOUNDS.exec(partition.bounds)?.[1] ?? '');
      if (endMs === null) continue;
      const isOld = endMs <= date.getTime() ? await this.#isOld(partition, date, signal) : false;
      if (isOld === null) continue;
      if (isOld) drops.push({ before: date, run: this.#reach((until) => this.#drop(partition, until)) });
      else if (partition.isNoted)
        drops.push({ before: new Date(endMs), run: this.#reach((until) => this.#keep(partition, until)) });
    }
    return drops;
  }

  /** Gives up, until the next time, a partition that another process is dropping, or that somebody has locked for long. */
  #reach(action: SqlDrop['run']): SqlDrop['run'] {
    return async (signal) => {
      try {
        return await action(signal);
      } catch (error) {
        if (isOutOfReach(error)) return null;
        throw error;
      }
    };
  }

  /**
   * Whether all records of a partition are of before a date, as are those whose ids the tracker has made, and no view reads it; null where
   * it cannot be read now. One that cannot be dropped is not detached either: nothing would be deleted from it any more.
   */
  async #isOld({ name }: Partition, date: Date, signal: AbortSignal): Promise<boolean | null> {
    const sql =
      `select where exists (select from ${name} where date >= to_timestamp(${date.getTime() / 1000})) or exists (select from pg_depend ` +
      "where (classid, refclassid, deptype) = ('pg_rewrite'::regclass, 'pg_class'::regclass, 'n') " +
      `and refobjid = ${this.#quoteValue(name)}::regclass)`;
    try {
      return (await this.#run(sql, signal)).length === 0;
    } catch (error) {
      if (isOutOfReach(error)) return null;
      throw error;
    }
  }

  /**
   * Drops a partition. It is detached first, which lets others read and write meanwhile; a process that dies in between leaves it to the
   * next one, which finds it by its note.
   */
  async #drop({ name, stage, note }: Partition, signal: AbortSignal): Promise<number> {
    const detach = `alter table ${this.#table} detach partition ${name}`;
    if (stage === 'pending') await this.#runBounded(`${detach} finalize;`, signal);
    if (stage === 'attached') {
      await this.#runBounded(`comment on table ${name} is ${this.#quoteValue(note)};`, signal);
      await this.#run(`${detach} concurrently`, signal);
    }
    const oid = `${this.#quoteValue(name)}::regclass`;
    const counting =
      `select case when pg_relation_size(oid) < ${COUNTED_BYTES} then (select count(*) from ${name}) ` +
      `else greatest(reltuples, 0)::bigint end as count from pg_class where oid = ${oid}`;
    const [row] = (await this.#run(counting, signal)) as { count: unknown }[];
    const dropping =
      `lock table ${name} in access exclusive mode; if exists (select from pg_inherits where inhrelid = ${oid}) ` +
      `or obj_description(${oid}, 'pg_class') is distinct from ${this.#quoteValue(note)} then ` +
      `raise object_not_in_prerequisite_state using message = 'it is kept after all'; end if; drop table ${name};`;
    // Whether it was dropped has to be known, so that its records are counted: the answer is waited for when nobody else does any more.
    await this.#runBounded(dropping, AbortSignal.timeout(DROP_MS)).catch((error: unknown) => {
      if (!isDependedOn(error)) throw error;
      const { detail } = error as { readonly detail?: string };
      const advice = `Take away what depends on it${detail ? ` (${detail})` : ''}, or run: drop table ${name} cascade;`;
      throw databaseError(
        error,
        { advice },
        `The table ${name}, whose records are too old, cannot be dropped`,
      );
    });
    return Number(row?.count);
  }

  /** Brings back a partition that was to be dropped, and whose records are to be kept, as the option `retention` was changed. */
  async #keep({ name, stage, bounds }: Partition, signal: AbortSignal): Promise<number> {
    const table = `alter table ${this.#table}`;
    const finalize = stage === 'pending' ? `${table} detach partition ${name} finalize; ` : '';
    const attach = stage === 'attached' ? '' : `${table} attach partition ${name} ${bounds}; `;
    const forget = `comment on table ${name} is null;`;
    try {
      await this.#runBounded(finalize + attach + forget, signal);
    } catch (error) {
      if (isOutOfReach(error) || !isSetup(conditionOf(error))) throw error;
      const advice = `Attach it by hand, or run: ${forget} and it stays as a table of its own, which nobody drops.`;
      throw databaseError(
        error,
        { advice },
        `The table ${name}, whose records are to be kept, cannot be attached`,
      );
    }
    return 0;
  }

  /** Runs statements in one transaction, none of which waits for a lock longer than some seconds. */
  async #runBounded(statements: string, signal: AbortSignal): Promise<void> {
    const bound = `perform set_config('lock_timeout', '${LOCK_WAIT_MS}', true);`;
    await this.#run(`do $bounded$ begin ${bound} ${statements} end $bounded$`, signal);
  }

  /**
   * The partitions that the user may drop: those first that somebody has begun to, then the oldest. There are none beside a default
   * partition, as PostgreSQL detaches none then while others write; nor while a transaction is open that has used the table or the
   * partition for seconds, as detaching and dropping wait for its end.
   */
  #finding(): string {
    const table = `to_regclass(${this.#quoteValue(this.#table)})`;
    return (
      `with note as (select ${dropNote(table)} as start), found as (select c.oid, i.inhparent as parent, ` +
      "case when i.inhdetachpending then 'pending' else 'attached' end as stage, pg_get_expr(c.relpartbound, c.oid) as bounds, " +
      "coalesce(starts_with(obj_description(c.oid, 'pg_class'), start), false) as noted " +
      'from note, pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent ' +
      'join pg_partitioned_table t on t.partrelid = p.oid ' +
      `where p.oid = ${table} and t.partdefid = 0 and pg_has_role(p.relowner, 'usage') ` +
      "union all select c.oid, null, 'detached', substr(d.description, length(start) + 1), true " +
      'from note, pg_description d join pg_class c on c.oid = d.objoid ' +
      "where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and starts_with(d.description, start) and not c.relispartition) " +
      'select f.oid::regclass::text as name, stage, noted as "isNoted", start || bounds as note, bounds ' +
      "from note, found f join pg_class c on c.oid = f.oid where pg_has_role(c.relowner, 'usage') and (stage <> 'pending' or noted) " +
      'and not exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.relation in (f.oid, f.parent) ' +
      "and a.datname = current_database() and a.xact_start < clock_timestamp() - interval '5 s') order by stage desc, bounds"
    );
  }
}
