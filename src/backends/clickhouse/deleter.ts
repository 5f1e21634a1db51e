import { setTimeout as pause } from 'node:timers/promises';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import { type UsageCountQuery, resolveUsageCountQuery } from '../../storage/usage-query.js';
import { orAbort } from '../../time/or-abort.js';
import { databaseError } from '../base/database-error.js';
import { Mutex } from '../base/mutex.js';
import type { ClickHouseConnection } from './connection.js';
import { moment, named, quoted, quotedList } from './literals.js';
import { whereOf } from './reader.js';
import { type ClickHouseTables, MILLISECONDS, onCluster } from './tables.js';

/** From one look at what the server is still rewriting to the next, in milliseconds. */
const LOOK_MS = 100;

/** Records that one statement deletes, at most. */
export const STATEMENT_RECORDS = 100_000;

/** From which end records are deleted. */
type End = 'oldest' | 'newest';

/** A statement that names a person stays out of the server's table of statements. */
const UNLOGGED = { log_queries: 0 };

/** How many rewritings of parts for deleted records are not done, and why one fails that the server tries again. */
const PURGING =
  "countIf(not is_done and command like '%APPLY DELETED MASK%'), maxIf(latest_fail_reason, not is_done)";

/** Deletes records, and has the server rewrite what held them. */
export class ClickHouseDeleter {
  readonly #connection: ClickHouseConnection;
  readonly #tables: ClickHouseTables;
  readonly #deleting = new Mutex();

  constructor(connection: ClickHouseConnection, tables: ClickHouseTables) {
    this.#connection = connection;
    this.#tables = tables;
  }

  /** Finds the newest records of a query, which may name a person. */
  async find(query: UsageCountQuery, limit: number, signal: AbortSignal): Promise<UsagePosition[]> {
    const found: UsagePosition[] = [];
    const sql =
      `select ${MILLISECONDS}(date), id from ${this.#tables.records} ${whereOf(resolveUsageCountQuery(query))} ` +
      `order by date desc, id desc limit 1 by date, id limit ${limit}`;
    const take = ([ms, id]: unknown[]): void =>
      void found.push({ date: new Date(Number(ms)), id: String(id) });
    await this.#connection.read(sql, `table '${this.#tables.name}'`, take, signal, UNLOGGED);
    return found;
  }

  /**
   * Deletes the oldest or the newest records of a query, up to a limit.
   *
   * @returns how many there were; another process may have deleted some of them first
   */
  deleteUpTo(limit: number, end: End, query: UsageCountQuery, signal: AbortSignal): Promise<number> {
    return this.#deleting.run(signal, async () => {
      let total = 0;
      for (let isMore = true; isMore && total < limit;) {
        const wanted = Math.min(STATEMENT_RECORDS, limit - total);
        const deleted = await this.#deleteSome(wanted, end, query, signal);
        total += deleted;
        isMore = deleted === wanted;
      }
      return total;
    });
  }

  /** Deletes records, one at least. */
  async deleteAll(records: readonly UsagePosition[], signal: AbortSignal): Promise<void> {
    const dates = records.map(({ date }) => date).toSorted((one, other) => Number(one) - Number(other));
    const [first, last] = [dates[0] as Date, dates.at(-1) as Date];
    const ids = quotedList(records.map(({ id }) => id));
    await this.#delete(`where date >= ${moment(first)} and date <= ${moment(last)} and id in ${ids}`, signal);
  }

  /**
   * Has the server rewrite the parts that hold deleted records, which are hidden until then, and waits for that. Where nobody waits any
   * more the server goes on with it, and it is not begun again.
   */
  async purge(signal: AbortSignal): Promise<void> {
    const { stored } = this.#tables;
    const failed = `Deleted records of the table '${this.#tables.name}' cannot be purged`;
    const names = 'groupUniqArrayIf(name, active and has_lightweight_delete)';
    const [parts] = (await this.#look('parts', names, signal)) as [string[]];
    if (parts.length === 0) return;
    const sql = `alter table ${named(stored)}${onCluster(this.#tables)} apply deleted mask`;
    await this.#connection.change(sql, failed, signal, { mutations_sync: 0 });
    for (;;) {
      // Another rewriting gives a part another name, and leaves its deleted records in it; a replica learns of ours a moment later.
      const [held] = await this.#look('parts', `countIf(active and name in ${quotedList(parts)})`, signal);
      const [waiting, reason] = await this.#look('mutations', PURGING, signal);
      if (Number(held) === 0 && Number(waiting) === 0) return;
      if (reason !== '') throw databaseError(new Error(String(reason)), 'unavailable', failed);
      await orAbort(pause(LOOK_MS), signal);
    }
  }

  /** Reads the one row of what the server says of the table of the records: of its parts, or of how they are being rewritten. */
  #look(of: 'parts' | 'mutations', columns: string, signal: AbortSignal): Promise<unknown[]> {
    const { stored, cluster } = this.#tables;
    const from = cluster === null ? `system.${of}` : `clusterAllReplicas(${quoted(cluster)}, system.${of})`;
    const sql = `select ${columns} from ${from} where database = currentDatabase() and table = ${quoted(stored)}`;
    return this.#connection.readOne(sql, `table 'system.${of}'`, signal);
  }

  /** Deletes records by a statement that names the last of them. */
  async #deleteSome(limit: number, end: End, query: UsageCountQuery, signal: AbortSignal): Promise<number> {
    const { records, name } = this.#tables;
    const [order, most, beyond] = end === 'oldest' ? ['asc', 'Max', '<'] : ['desc', 'Min', '>'];
    const where = whereOf(resolveUsageCountQuery(query));
    const found = `select date, id from ${records} ${where} order by date ${order}, id ${order} limit 1 by date, id limit ${limit}`;
    const last = `${MILLISECONDS}(${most.toLowerCase()}(date)), arg${most}(id, (date, id))`;
    const sql = `select count(), ${last} from (${found})`;
    const [count, lastMs, lastId] = await this.#connection.readOne(sql, `table '${name}'`, signal);
    if (Number(count) === 0) return 0;
    const date = moment(new Date(Number(lastMs)));
    const upToLast = `date ${beyond}= ${date} and (date ${beyond} ${date} or id ${beyond}= ${quoted(String(lastId))})`;
    await this.#delete(`${where === '' ? 'where' : `${where} and`} ${upToLast}`, signal);
    return Number(count);
  }

  async #delete(where: string, signal: AbortSignal): Promise<void> {
    const { stored, name } = this.#tables;
    const sql = `delete from ${named(stored)}${onCluster(this.#tables)} ${where}`;
    await this.#connection.change(sql, `Records of the table '${name}' cannot be deleted`, signal);
  }
}
