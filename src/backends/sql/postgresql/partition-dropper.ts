import type { MikroORM } from '@mikro-orm/core';
import { momentOfId } from '../../../record/record-id.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';
import { isGoneMeanwhile } from './errors.js';
import { dropMark } from './months.js';
import { type RunAlone, runAlone } from './run-statement.js';

/** A partition of the table, or one that was detached in order to be dropped. */
interface Partition {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly isAttached: boolean;
  /** Whether a process has begun to detach it, and no query sees it any more. */
  readonly isPending: boolean;
  /** Its bounds, as PostgreSQL writes them; null if it has none any more. */
  readonly bounds: string | null;
}

/** How large a table may be for its records to be counted, in bytes; of a larger one, PostgreSQL's own estimate has to do. */
const COUNTED_BYTES = 2 ** 30;

/** Drops partitions that hold nothing but old records: those of ids that were made before a date. */
export class PartitionDropper {
  readonly #run: RunAlone;
  readonly #table: string;
  readonly #quoteValue: (value: string) => string;
  /** The mark of a partition that is to be dropped, quoted. */
  readonly #mark: string;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#run = runAlone(orm);
    this.#table = quoteTable(table);
    this.#quoteValue = (value) => orm.em.getPlatform().quoteValue(value);
    this.#mark = this.#quoteValue(dropMark(table));
  }

  /** Finds what may be dropped for `UsageStorage.dropBefore`; null if nothing may. */
  async plan(date: Date, signal: AbortSignal): Promise<((signal: AbortSignal) => Promise<number>) | null> {
    const old: Partition[] = [];
    for (const partition of (await this.#run(this.#finding(), signal)) as Partition[]) {
      const isBegun = !partition.isAttached || partition.isPending;
      if (isBegun || (await this.#isOld(partition, date, signal))) old.push(partition);
    }
    return old.length === 0 ? null : (until) => this.#dropAll(old, until);
  }

  /**
   * Drops partitions. Each is detached first, which lets others read and write meanwhile; a process that dies in between leaves it to the
   * next one.
   */
  async #dropAll(partitions: readonly Partition[], signal: AbortSignal): Promise<number> {
    let total = 0;
    try {
      for (const partition of partitions) {
        signal.throwIfAborted();
        total += await this.#dropOne(partition, signal);
      }
    } catch (error) {
      // Another process is dropping it.
      if (!isGoneMeanwhile(error)) throw error;
    }
    return total;
  }

  /** Whether all records of a partition are of before a date. Its bounds say so of those that a tracker made, and it is asked for others. */
  async #isOld({ name, bounds }: Partition, date: Date, signal: AbortSignal): Promise<boolean> {
    const [, id = ''] = /TO \('([^']+)'\)$/.exec(bounds ?? '') ?? [];
    if ((momentOfId(id) ?? Infinity) > date.getTime()) return false;
    const sql = `select 1 from ${name} where date >= to_timestamp(${date.getTime() / 1000}) limit 1`;
    try {
      return (await this.#run(sql, signal)).length === 0;
    } catch (error) {
      if (isGoneMeanwhile(error)) return false;
      throw error;
    }
  }

  async #dropOne({ name, isAttached, isPending }: Partition, signal: AbortSignal): Promise<number> {
    const detach = `alter table ${this.#table} detach partition ${name}`;
    if (isPending) await this.#run(`${detach} finalize`, signal);
    else if (isAttached) {
      await this.#run(`comment on table ${name} is ${this.#mark}`, signal);
      await this.#run(`${detach} concurrently`, signal);
    }
    const counting =
      `select case when pg_relation_size(oid) < ${COUNTED_BYTES} then (select count(*) from ${name}) ` +
      `else greatest(reltuples, 0)::bigint end as count from pg_class where oid = ${this.#quoteValue(name)}::regclass`;
    const [row] = (await this.#run(counting, signal)) as { count: unknown }[];
    await this.#run(`drop table ${name}`, signal);
    return Number(row?.count);
  }

  /**
   * The partitions that the user may drop, the oldest first. There are none beside a default partition, as PostgreSQL detaches none then
   * while others write; nor while a transaction is open that has used the table for seconds, as detaching waits for its end.
   */
  #finding(): string {
    const table = `to_regclass(${this.#quoteValue(this.#table)})`;
    return (
      'select c.oid::regclass::text as name, true as "isAttached", i.inhdetachpending as "isPending", ' +
      'pg_get_expr(c.relpartbound, c.oid) as bounds from pg_inherits i join pg_class c on c.oid = i.inhrelid ' +
      `join pg_partitioned_table t on t.partrelid = i.inhparent join pg_class p on p.oid = i.inhparent ` +
      `where p.oid = ${table} and t.partdefid = 0 and (not i.inhdetachpending or obj_description(c.oid, 'pg_class') = ${this.#mark}) ` +
      `and pg_has_role(p.relowner, 'usage') and pg_has_role(c.relowner, 'usage') ` +
      'and not exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.relation = p.oid ' +
      "and a.datname = current_database() and a.xact_start < clock_timestamp() - interval '5 s') " +
      'union all select c.oid::regclass::text, false, false, null from pg_description d join pg_class c on c.oid = d.objoid ' +
      `where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and d.description = ${this.#mark} ` +
      "and not c.relispartition and pg_has_role(c.relowner, 'usage') order by bounds"
    );
  }
}
