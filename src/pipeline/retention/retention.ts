import type { Clock } from '../../time/clock.js';
import { type DeletingUsageStorage, type UsageStorage, canDelete } from '../../storage/usage-storage.js';
import type { ReportLog } from '../telling/report-log.js';
import { StoragePruner } from './storage-pruner.js';
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
  /** Attempts at deleting that failed. */
  readonly failures: number;
  /** When a storage was last found to hold no record that is too old; null before the first time. */
  readonly lastRunAt: Date | null;
}

/** The settings of the tracker that pruners use. */
interface Surroundings {
  readonly clock: Clock;
  readonly retry: { readonly attemptTimeoutMs: number };
}

const DAY_MS = 86_400_000;

/** Deletes records that are too old from every storage that can, each by a pruner of its own. */
export class Retention {
  readonly #settings: RetentionSettings;
  readonly #surroundings: Surroundings;
  readonly #log: ReportLog;
  #pruners: readonly StoragePruner[] = [];

  constructor(settings: RetentionSettings, surroundings: Surroundings, log: ReportLog) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#log = log;
  }

  /** Begins to delete, soon and then every hour. */
  start(storages: readonly UsageStorage[]): void {
    for (const storage of storages) if (!canDelete(storage)) this.#warn(storage);
    this.#pruners = storages.filter(canDelete).map((storage) => this.#pruner(storage));
    for (const pruner of this.#pruners) pruner.start();
  }

  /** The figures. */
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
    const ends = this.#pruners.map((pruner) => within(this.#surroundings.clock, timeoutMs, pruner.close()));
    await Promise.all(ends);
  }

  #pruner(storage: DeletingUsageStorage): StoragePruner {
    const { clock, retry } = this.#surroundings;
    return new StoragePruner(storage, {
      clock,
      keepMs: this.#settings.days * DAY_MS,
      attemptTimeoutMs: retry.attemptTimeoutMs,
      onFailure: (error) =>
        this.#log.failure(
          `retention ${storage.name}`,
          `old records were not deleted from the storage '${storage.name}'; it is tried again`,
          error,
        ),
    });
  }

  #warn({ name }: UsageStorage): void {
    this.#log.warn(
      `retention ${name}`,
      `the option retention does not apply to the storage '${name}': it has no method deleteBefore, and keeps its records`,
    );
  }
}
