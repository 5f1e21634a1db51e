import { undeletable } from '../base/database-error.js';
import { Mutex } from '../base/mutex.js';

/** Ids in one statement. SQL Server takes 2,100 parameters. */
const CHUNK_RECORDS = 500;

/**
 * Deletes the oldest records by their ids, as not every database can bound a deletion. One deletion is under way at a
 * time, even if a server no longer answers and one after another is given up.
 */
export abstract class OldestRecords {
  readonly #mutex = new Mutex();

  /** Deletes for `UsageStorage.deleteBefore`. */
  delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.#mutex.run(signal, () => this.#delete(date, limit, signal));
  }

  /** The ids of the oldest records before the date, by date and id. */
  protected abstract find(date: Date, limit: number): Promise<readonly string[]>;

  /** Deletes the records of these ids that are still there, and counts them. */
  protected abstract deleteAll(ids: readonly string[], signal: AbortSignal): Promise<number>;

  async #delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    let total = 0;
    while (total < limit) {
      signal.throwIfAborted();
      const wanted = Math.min(CHUNK_RECORDS, limit - total);
      const ids = await this.find(date, wanted);
      if (ids.length === 0) break;
      signal.throwIfAborted();
      const deleted = await this.deleteAll(ids, signal);
      total += deleted;
      // Another process may have deleted some of these records. If it has deleted all, the rest is left to that process.
      if (deleted === 0 && (await this.find(date, 1))[0] === ids[0])
        throw undeletable('Old records are deleted', ids[0]);
      if (ids.length < wanted || deleted === 0) break;
    }
    return total;
  }
}
