import { type UsageStorage, canDelete } from '../../storage/usage-storage.js';
import type { ReportLog } from '../telling/report-log.js';
import { type PrunerSettings, StoragePruner } from './storage-pruner.js';
import { within } from '../../time/within.js';

/** How long records are kept. */
export interface RetentionSettings {
  /** Days of 24 hours. */
  readonly days: number;
}

/** What became of the records that were too old. */
export interface RetentionStats {
  /** Records that this tracker has deleted, over all storages. */
  readonly deleted: number;
  /** Calls of `deleteBefore` that failed. */
  readonly failures: number;
  /** When a storage was last found to hold no record that is too old; null before the first time. */
  readonly lastRunAt: Date | null;
}

const DAY_MS = 86_400_000;

/** Deletes records that are too old from every storage that can, each by a pruner of its own. */
export class Retention {
  readonly #settings: RetentionSettings;
  readonly #prunerSettings: PrunerSettings;
  readonly #log: ReportLog;
  #pruners: readonly StoragePruner[] = [];

  constructor(settings: RetentionSettings, prunerSettings: PrunerSettings, log: ReportLog) {
    this.#settings = settings;
    this.#prunerSettings = prunerSettings;
    this.#log = log;
  }

  /** Begins to delete, soon and then every hour. */
  start(storages: readonly UsageStorage[]): void {
    for (const storage of storages) if (!canDelete(storage)) this.#warn(storage);
    const keepMs = this.#settings.days * DAY_MS;
    this.#pruners = storages
      .filter(canDelete)
      .map((storage) => new StoragePruner(storage, keepMs, this.#prunerSettings, this.#log));
    for (const pruner of this.#pruners) pruner.start();
  }

  /** What became of the records that were too old, so far. */
  stats(): RetentionStats {
    const dates = this.#pruners.flatMap(({ lastRunMs }) => lastRunMs ?? []);
    return {
      deleted: this.#pruners.reduce((sum, { deleted }) => sum + deleted, 0),
      failures: this.#pruners.reduce((sum, { failures }) => sum + failures, 0),
      lastRunAt: dates.length === 0 ? null : new Date(Math.max(...dates)),
    };
  }

  /** Ends the deletions under way; resolves when they have ended, or after `timeoutMs` milliseconds. */
  async close(timeoutMs: number): Promise<void> {
    const ends = this.#pruners.map((pruner) => within(this.#prunerSettings.clock, timeoutMs, pruner.close()));
    await Promise.all(ends);
  }

  #warn({ name }: UsageStorage): void {
    this.#log.warn(
      `retention ${name}`,
      `the option retention does not apply to the storage '${name}': it has no method deleteBefore, and keeps its records`,
    );
  }
}
