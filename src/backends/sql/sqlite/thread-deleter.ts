import { orAbort } from '../../../time/or-abort.js';
import { deletionError } from '../../mikro-orm/database-error.js';
import type { SqlDeleter } from '../dialect.js';
import { conditionOf } from './errors.js';
import { PIECE_RECORDS, type WriteThread } from './write-thread.js';

/** Has a thread delete, in short transactions. Where there is none, another deleter does. */
export class ThreadDeleter implements SqlDeleter {
  readonly #thread: WriteThread;
  readonly #tableName: string;
  readonly #fallback: SqlDeleter;

  constructor(thread: WriteThread, tableName: string, fallback: SqlDeleter) {
    this.#thread = thread;
    this.#tableName = tableName;
    this.#fallback = fallback;
  }

  /** @inheritdoc */
  async delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    let total = 0;
    try {
      if (!(await this.#thread.makeReady(signal))) return await this.#fallback.delete(date, limit, signal);
      while (total < limit) {
        const wanted = Math.min(PIECE_RECORDS, limit - total);
        const task = { kind: 'delete', beforeMs: date.getTime(), limit: wanted } as const;
        const { deleted } = await orAbort(this.#thread.perform(task), signal);
        total += deleted;
        if (deleted < wanted) break;
      }
    } catch (error) {
      throw deletionError(error, conditionOf(error), `table '${this.#tableName}'`);
    }
    return total;
  }
}
