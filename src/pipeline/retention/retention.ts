import type { UsageStorage } from '../../storage/usage-storage.js';
import type { KeptRecords } from './old-records.js';
import { type PrunerSettings, StoragePruner } from './storage-pruner.js';
import { within } from '../../time/within.js';

/** What became of the records that were too old. */
export interface RetentionStats {
  /** Records that this tracker has deleted, over all storages. */
  readonly deleted: number;
  /** Calls of `deleteBefore` and `deleteUsage` that failed, or of what goes before them. */
  readonly failures: number;
  /** When a storage was last found to hold no record that is too old; null before the first time. */
  readonly lastRunAt: Date | null;
}

/** Deletes records that are too old from every storage that can, each by a pruner of its own. */
export class Retention {
  readonly #kept: KeptRecords;
  readonly #settings: PrunerSettings;
  #pruners: readonly StoragePruner[] = [];

  constructor(kept: KeptRecords, settings: PrunerSettings) {
    this.#kept = kept;
    this.#settings = settings;
  }

  /** Begins to delete, soon and then every hour. */
  start(storages: readonly UsageStorage[]): void {
    this.#pruners = storages.map((storage) => new StoragePruner(storage, this.#kept, this.#settings));
    for (const pruner of this.#pruners) pruner.start();
  }

  /** What became of the records that were too old, so far; null while all records are kept until somebody deletes them. */
  stats(): RetentionStats | null {
    const { allMs, shortLived } = this.#kept;
    if (allMs === null && shortLived().length === 0) return null;
    const dates = this.#pruners.flatMap(({ lastRunMs }) => lastRunMs ?? []);
    return {
      deleted: this.#pruners.reduce((sum, { deleted }) => sum + deleted, 0),
      failures: this.#pruners.reduce((sum, { failures }) => sum + failures, 0),
      lastRunAt: dates.length === 0 ? null : new Date(Math.max(...dates)),
    };
  }

  /**
   * Deletes what is too old now.
   *
   * @throws the error of a storage
   */
  async prune(): Promise<void> {
    await Promise.all(this.#pruners.map((pruner) => pruner.prune()));
  }

  /** Whether the last attempt at deleting from a storage failed. */
  get isFailing(): boolean {
    return this.#pruners.some(({ failuresInRow }) => failuresInRow > 0);
  }

  /** Ends the deletions under way; resolves when they have ended, or after `timeoutMs` milliseconds. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all(this.#pruners.map((pruner) => within(this.#settings.clock, timeoutMs, pruner.close())));
  }
}
