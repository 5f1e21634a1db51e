import { TrackUsageError } from '../../errors.js';
import { type ShortLivedAction, type UsageAction, actionKey } from '../../storage/usage-action.js';
import { isSource } from '../../storage/usage-source.js';
import { type UsageStorage, canDelete, canDeleteUsage } from '../../storage/usage-storage.js';
import type { Clock } from '../../time/clock.js';
import { toError } from '../telling/report-log.js';
import { deletionClock } from './deletion-clock.js';

/** What may be deleted of a storage now. */
export interface Sealed {
  /** The moment before which records may be deleted; null if none may. */
  readonly date: Date | null;
  /** Whether more may be deleted soon. */
  readonly isMore: boolean;
  /** Whether all days that are too old may be; false where records of one may be on their way. */
  readonly isComplete: boolean;
}

/** What is too old. */
export interface TooOld {
  /** The moment before which some records are too old: the latest one that there is for any. */
  readonly date: Date;
  /** The actions that have such a moment of their own. */
  readonly actions: readonly { readonly of: UsageAction; readonly date: Date }[];
}

/** Is asked before records are deleted: summaries have to tell of them first. */
export type Seal = (storage: UsageStorage, old: TooOld, signal: AbortSignal) => Promise<Sealed>;

/** How long records are kept. */
export interface KeptRecords {
  /** In milliseconds; null for until somebody deletes them. */
  readonly allMs: number | null;
  /** The actions with a retention of their own. They are asked for before each deletion, as they are declared in the meantime. */
  readonly shortLived: () => readonly ShortLivedAction[];
}

/** What became of one chunk. */
export type Deletion = Pick<Sealed, 'isMore' | 'isComplete'>;

/** Records that are deleted at once, unless the storage wishes for more. On the application's connection, SQLite deletes them on the event loop. */
const CHUNK_RECORDS = 100;

/** How long a storage that has dropped nothing is not asked again, in milliseconds: looking for something takes it as long as a chunk. */
const DROP_PAUSE_MS = 60_000;

const DAY_MS = 86_400_000;

/** The records of one storage that are too old. */
export class OldRecords {
  /** Records that were deleted. */
  deleted = 0;
  readonly #storage: UsageStorage;
  readonly #chunkRecords: number;
  readonly #kept: KeptRecords;
  readonly #seal: Seal | null;
  readonly #clock: Clock;
  readonly #now: ReturnType<typeof deletionClock>;
  readonly #warn: (what: string) => void;
  readonly #isTold = new Set<string>();
  /** The moment before which no record of an action is left, in milliseconds since 1970, by the action's key. */
  readonly #doneUntil = new Map<string, number>();

  /** When the storage is asked next to drop, by the monotonic clock, in milliseconds; at once when a run is over. */
  #dropAtMs = -Infinity;
  /** The storage's last answer, where it was an error: it waits for the end of the run, as all else can be deleted meanwhile. */
  #dropFailure: Error | null = null;

  /** @param warn - learns why something is not deleted */
  constructor(
    storage: UsageStorage,
    kept: KeptRecords,
    { clock, seal }: { readonly clock: Clock; readonly seal: Seal | null },
    warn: (what: string) => void,
  ) {
    this.#storage = storage;
    this.#chunkRecords = storage.deletionRecords ?? CHUNK_RECORDS;
    this.#kept = kept;
    this.#seal = seal;
    this.#clock = clock;
    this.#warn = warn;
    this.#now = deletionClock(storage, clock, (why) =>
      warn(`nothing is deleted from it for a day, as ${why}; if the clock is wrong, set it right`),
    );
  }

  /** Has records looked for also where none was left. */
  lookAgain(): void {
    this.#doneUntil.clear();
  }

  /**
   * Deletes a chunk of all that is too old.
   *
   * @throws the storage's error; that of `dropBefore` once nothing else is left to be deleted
   */
  async deleteChunk(signal: AbortSignal): Promise<Deletion> {
    const allMs = this.#allMs();
    const actions = this.#shortLived();
    const shortestMs = Math.min(allMs ?? Infinity, ...actions.map(({ keepMs }) => keepMs));
    const nowMs = shortestMs === Infinity ? null : await this.#now(signal);
    signal.throwIfAborted();
    if (nowMs === null) return { isMore: false, isComplete: false };
    const sealed = await this.#sealed(nowMs, shortestMs, actions, signal);
    if (sealed.date === null) return sealed;
    const untilMs = sealed.date.getTime();
    let isMore = allMs !== null && (await this.#deleteAll(Math.min(untilMs, nowMs - allMs), signal));
    for (const { of, keepMs } of actions.filter((action) => this.#isShorter(action))) {
      // Where no index helps, all records are looked through: once a day will do.
      const dayMs = Math.floor((nowMs - keepMs) / DAY_MS) * DAY_MS;
      if (await this.#deleteOf(of, Math.min(untilMs, dayMs), signal)) isMore = true;
    }
    isMore ||= sealed.isMore;
    if (!isMore) this.#endDropping();
    return { isMore, isComplete: sealed.isComplete };
  }

  /** The actions that have a retention of their own, unless the storage cannot apply it. */
  #shortLived(): readonly ShortLivedAction[] {
    const actions = this.#kept.shortLived();
    if (!actions.some((action) => this.#isShorter(action)) || canDeleteUsage(this.#storage)) return actions;
    this.#tellOfMissing('deleteUsage', 'records of actions with a shorter retention as long as others');
    return [];
  }

  /** Whether an action's records go before all others: else it matters only to how long summaries tell who called it. */
  #isShorter({ keepMs }: ShortLivedAction): boolean {
    const { allMs } = this.#kept;
    return allMs === null || keepMs < allMs;
  }

  /** How long all records are kept; null where they are not deleted, or the storage cannot. */
  #allMs(): number | null {
    const { allMs } = this.#kept;
    if (allMs === null || canDelete(this.#storage)) return allMs;
    // Workers delete from the storage that they fill from a stream.
    if (this.#storage.destination !== undefined || isSource(this.#storage)) return null;
    this.#tellOfMissing('deleteBefore', 'its records');
    return null;
  }

  /** Tells once of a method that a storage lacks. */
  #tellOfMissing(method: string, kept: string): void {
    if (this.#isTold.has(method)) return;
    this.#isTold.add(method);
    this.#warn(`it has no method ${method}, and keeps ${kept}`);
  }

  async #sealed(
    nowMs: number,
    shortestMs: number,
    actions: readonly ShortLivedAction[],
    signal: AbortSignal,
  ): Promise<Sealed> {
    const date = new Date(nowMs - shortestMs);
    const old = { date, actions: actions.map(({ of, keepMs }) => ({ of, date: new Date(nowMs - keepMs) })) };
    const all = { date, isMore: false, isComplete: true };
    return (await this.#seal?.(this.#storage, old, signal)) ?? all;
  }

  /** Deletes a chunk of all records before a moment, and says whether there may be more. */
  async #deleteAll(beforeMs: number, signal: AbortSignal): Promise<boolean> {
    const date = new Date(beforeMs);
    if (this.#clock.monotonic() >= this.#dropAtMs) await this.#drop(date, signal);
    const answer = await this.#storage.deleteBefore?.(date, this.#chunkRecords, signal);
    return this.#count('deleteBefore', answer) === this.#chunkRecords;
  }

  /** Drops what can go together before a moment. */
  async #drop(date: Date, signal: AbortSignal): Promise<void> {
    if (this.#storage.dropBefore === undefined) return;
    this.#dropFailure = null;
    try {
      const dropped = await this.#storage.dropBefore(date, signal);
      if (this.#count('dropBefore', dropped, Infinity) > 0) return;
    } catch (error) {
      signal.throwIfAborted();
      this.#dropFailure = toError(error);
    }
    this.#dropAtMs = this.#clock.monotonic() + DROP_PAUSE_MS;
  }

  /** @throws the error of `dropBefore` */
  #endDropping(): void {
    const failure = this.#dropFailure;
    this.#dropFailure = null;
    this.#dropAtMs = -Infinity;
    if (failure !== null) throw failure;
  }

  /** Deletes a chunk of an action's records before a moment, and says whether there may be more. */
  async #deleteOf(of: UsageAction, beforeMs: number, signal: AbortSignal): Promise<boolean> {
    const key = actionKey(of);
    if (beforeMs <= (this.#doneUntil.get(key) ?? -Infinity)) return false;
    const query = { ...of, endDate: new Date(beforeMs) };
    const answer = await this.#storage.deleteUsage?.(query, this.#chunkRecords, signal);
    if (this.#count('deleteUsage', answer) === this.#chunkRecords) return true;
    this.#doneUntil.set(key, beforeMs);
    return false;
  }

  /** Checks what a storage says that it has deleted, and adds it up. */
  #count(method: string, deleted: unknown, limit = this.#chunkRecords): number {
    const count = Number(deleted);
    if (!Number.isSafeInteger(deleted) || count < 0 || count > limit) {
      throw new TrackUsageError(
        'STORAGE_CONTRACT',
        `The storage '${this.#storage.name}' answered ${String(deleted)} to ${method}; expected how many records it deleted` +
          `${limit === Infinity ? '' : `, at most the limit of ${limit}`}.`,
      );
    }
    this.deleted += count;
    return count;
  }
}
