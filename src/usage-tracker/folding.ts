import type { TrackerSettings } from '../options/tracker-options.js';
import type { Sealed, TooOld } from '../pipeline/retention/old-records.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import { ALWAYS } from '../summary/periods.js';
import type { RebuildProgress } from '../summary/rebuild.js';
import { checkDates } from '../storage/usage-query.js';
import type { RebuildOptions } from './usage-tracker.js';
import { Folder, type FolderStats } from '../summary/folder.js';

/** How long summaries by the hour are kept without the option `retention`, in milliseconds: later questions are answered by the day, or from records. */
const HOURS_MS = 90 * 86_400_000;

/** The settings of a tracker that its folding uses. */
type FoldingSettings = Pick<TrackerSettings, 'summaries' | 'retention' | 'clock'>;

/** Where folding tells what an operator should know. */
interface FoldingTold {
  warn(kind: string, message: string): void;
  fault(what: string, error: unknown): void;
}

/** The folding of a tracker's storages, each by a folder of its own. */
export class Folding {
  readonly #settings: FoldingSettings;
  readonly #told: FoldingTold;
  readonly #folders = new Map<UsageStorage, Folder>();

  constructor(settings: FoldingSettings, told: FoldingTold) {
    this.#settings = settings;
    this.#told = told;
  }

  /** Begins to fold what the storages keep, where they can keep summaries. */
  open(storages: readonly UsageStorage[]): void {
    const { summaries, clock } = this.#settings;
    if (summaries === null) {
      for (const storage of storages) storage.summaries?.makeNothing();
      return;
    }
    for (const storage of storages) {
      const { name, summaries: kept } = storage;
      if (kept === null) this.#tellOfMissing(name);
      if (!kept) continue;
      const { store, reader } = kept;
      const { hours: hoursMs = HOURS_MS } = this.#settings.retention ?? {};
      // A clock may tell fractions of a millisecond, and rows hold integers.
      const now = (): number => Math.floor(clock.now());
      const settings = { store, reader, ...summaries, hoursMs, now };
      const onFailure = (error: unknown): void =>
        this.#told.fault(`folding the records of the storage '${name}'`, error);
      const folder = new Folder(name, settings, clock, onFailure);
      this.#folders.set(storage, folder);
      folder.start();
    }
  }

  /** Whether the last fold of any storage failed. */
  get isFailing(): boolean {
    return [...this.#folders.values()].some((folder) => folder.isFailing);
  }

  /** What became of the folding of one storage; null where nothing is folded. */
  statsOf(storage: UsageStorage): FolderStats | null {
    return this.#folders.get(storage)?.stats() ?? null;
  }

  /** What became of the folding so far. */
  stats(): FolderStats[] {
    return [...this.#folders.values()].map((folder) => folder.stats());
  }

  /** Seals what is to be deleted from a storage, so that its summaries tell of it. A storage without summaries deletes all that is too old. */
  async seal(storage: UsageStorage, { date, actions }: TooOld, signal: AbortSignal): Promise<Sealed> {
    const folder = this.#folders.get(storage);
    const isSummed = folder !== undefined && (await storage.summaries?.isReady(signal)) === true;
    if (!isSummed) return { date, isMore: false, isComplete: true };
    // Without the option, only records of actions with a retention of their own are deleted.
    const {
      records = Infinity,
      days: daysMs = Infinity,
      callers: callersMs = records,
    } = {
      ...this.#settings.retention,
    };
    await storage.summaries?.settle();
    const { untilMs, isMore, isComplete } = await folder.seal({ daysMs, callersMs }, date.getTime(), signal);
    if (untilMs === null) return { date: null, isMore, isComplete };
    await folder.forget(actions, untilMs, signal);
    return { date: new Date(untilMs), isMore, isComplete };
  }

  /**
   * Sums up again what the storages have of a span of time.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if a date cannot be used
   */
  async rebuild(
    storages: readonly UsageStorage[],
    { from, to, onProgress }: RebuildOptions,
  ): Promise<RebuildProgress> {
    const { startDate, endDate } = checkDates('rebuildSummaries', from, to);
    const span = {
      startMs: startDate?.getTime() ?? ALWAYS.startMs,
      endMs: endDate?.getTime() ?? ALWAYS.endMs,
    };
    const all = { days: 0, done: 0 };
    for (const storage of storages) {
      const told = (progress: RebuildProgress): void => onProgress?.({ storage: storage.name, ...progress });
      const { signal } = new AbortController();
      await storage.summaries?.settle();
      const progress = await this.#folders.get(storage)?.rebuild(span, told, signal);
      all.days += progress?.days ?? 0;
      all.done += progress?.done ?? 0;
    }
    return all;
  }

  /** Ends the folds under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#folders.values()].map((folder) => folder.close()));
  }

  #tellOfMissing(name: string): void {
    this.#told.warn(
      `summaries ${name}`,
      `the storage '${name}' keeps no summaries, so that questions are answered record by record, and no register of endpoints: put ...usageEntities() among the ` +
        "entities of the application's MikroORM, in the place of Usage, and run its migrations; or give trackUsage summaries: false",
    );
  }
}
