import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { ErasureReport, UsagePerson } from '../../storage/usage-person.js';
import {
  type UsageCountQuery,
  checkDeletion,
  checkDeletionLimit,
  resolveUsageCountQuery,
} from '../../storage/usage-query.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import type { ReadableUsageStorage, StorageSummaries, StoreResult } from '../../storage/usage-storage.js';
import { eraseFromSummaries } from '../../summary/erase.js';
import { Marker } from '../../summary/marker.js';
import { ALWAYS, type Span } from '../../summary/periods.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import { undeletable } from '../base/database-error.js';
import { Operations, storageClosed } from '../base/operations.js';

/** Deletions in a row that may leave a record where it is. */
const DELETIONS_IN_VAIN = 2;

/** The parts of a storage whose writes are marked. */
export interface MarkedParts<Reader extends UsageReader = UsageReader> {
  readonly name: string;
  readonly reader: Reader;
  /** Reads the records where they are written. */
  readonly primary: UsageReader;
  /** Where summaries and the register are kept; null where the application has made no place for them. */
  readonly summaryStore: SummaryStore | null;
  readonly isReadOnly: boolean;
}

/** A storage that marks what it writes and deletes, for summaries, and closes once. */
export abstract class MarkedStorage<Reader extends UsageReader> implements ReadableUsageStorage {
  /** @inheritdoc */
  readonly name: string;

  /** What reads the records. */
  readonly reader: Reader;

  /** @inheritdoc */
  readonly isReadOnly: boolean;

  /** @inheritdoc */
  readonly summaries: StorageSummaries | null;

  /** @inheritdoc */
  readonly register: SummaryStore | undefined;

  readonly #marker: Marker | null;
  /** What is done between marks: it ends when the storage closes, so that a server which no longer answers keeps no process alive. */
  readonly #marked = new Operations();
  readonly #primary: UsageReader;
  #closing: Promise<void> | null = null;

  protected constructor({ name, reader, primary, summaryStore, isReadOnly }: MarkedParts<Reader>) {
    this.name = name;
    this.reader = reader;
    this.isReadOnly = isReadOnly;
    const marker = summaryStore === null || isReadOnly ? null : new Marker(summaryStore, true);
    this.#marker = marker;
    this.register = summaryStore ?? undefined;
    this.#primary = primary;
    this.summaries = marker && {
      store: summaryStore as SummaryStore,
      reader: primary,
      isReady: (signal) => marker.isReady(signal),
      settle: () => marker.settle(),
      makeNothing: () => marker.makeNothing(),
    };
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.assertWritable();
    signal.throwIfAborted();
    const marker = this.#marker;
    if (marker === null) return this.write(batch, signal);
    return this.#marked.run(signal, (combined) =>
      marker.around(batch, combined, (kept, sealed) => this.#writeKept(kept, sealed, combined)),
    );
  }

  /** @inheritdoc */
  async deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.assertWritable();
    checkDeletion(date, limit);
    signal.throwIfAborted();
    return this.aroundPast(date, signal, (combined) => this.prune(date, limit, combined));
  }

  /** Deletes records of before a date between marks. */
  protected aroundPast(
    date: Date,
    signal: AbortSignal,
    action: (combined: AbortSignal) => Promise<number>,
  ): Promise<number> {
    return this.#aroundSpan({ startMs: ALWAYS.startMs, endMs: date.getTime() }, signal, action);
  }

  /** @inheritdoc */
  async deleteUsage(query: UsageCountQuery, limit: number, signal: AbortSignal): Promise<number> {
    this.assertWritable();
    const { startDate, endDate } = resolveUsageCountQuery(query);
    checkDeletionLimit('deleteUsage', limit);
    signal.throwIfAborted();
    const span = {
      startMs: startDate?.getTime() ?? ALWAYS.startMs,
      endMs: endDate?.getTime() ?? ALWAYS.endMs,
    };
    return this.#aroundSpan(span, signal, (combined) => this.removeFound(query, limit, combined));
  }

  /** @inheritdoc */
  async erase(person: UsagePerson, signal: AbortSignal): Promise<ErasureReport> {
    this.assertWritable();
    signal.throwIfAborted();
    return this.withoutTraces(signal, async () => {
      const records = await this.#deleteFound(person, Infinity, signal, (found) =>
        this.#marker === null
          ? this.remove(found, signal)
          : this.#marker.aroundDeletion(found, signal, () => this.remove(found, signal)),
      );
      const store = this.summaries?.store;
      const erased = store && (await eraseFromSummaries(store, person, signal));
      const { periods: summaries = 0, sealedUntil: totalsUntil = null } = erased ?? {};
      return { storage: this.name, records, summaries, totalsUntil };
    });
  }

  /** Closes the connection, if it is the storage's own. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#end());
  }

  /** Records that are found and deleted at once. */
  protected get chunkRecords(): number {
    return 100;
  }

  /** Writes a batch for `store`; the storage is open and the signal not yet aborted. */
  protected abstract write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Deletes old records for `deleteBefore`; the storage is open and the signal not yet aborted. */
  protected abstract prune(date: Date, limit: number, signal: AbortSignal): Promise<number>;

  /** Deletes records, one at least; the storage is open and the signal not yet aborted. */
  protected abstract remove(records: readonly UsagePosition[], signal: AbortSignal): Promise<void>;

  /** Finds records that are to be deleted, where records are written: some of a query's. */
  protected async find(
    query: UsageCountQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly UsagePosition[]> {
    const { items } = await this.#primary.getUsagePage({ ...query, limit });
    signal.throwIfAborted();
    return items;
  }

  /** Deletes records of a query for `deleteUsage`, up to a limit; the storage is open and the signal not yet aborted. */
  protected removeFound(query: UsageCountQuery, limit: number, signal: AbortSignal): Promise<number> {
    return this.#deleteFound(query, limit, signal, (found) => this.remove(found, signal));
  }

  /** Does something after which nothing that it deletes can be read from the disk, as far as the engine lets us. */
  protected withoutTraces<Value>(_signal: AbortSignal, action: () => Promise<Value>): Promise<Value> {
    return action();
  }

  /** Has the reader of a connection of its own read nothing more. */
  protected endReading(): void {}

  /** Gives back the storage's own connection, if there is one. Called once. */
  protected async disconnect(): Promise<void> {}

  /** @throws {TrackUsageError} `STORAGE_CLOSED`, or `STORAGE_SETUP` if it was opened for reading only */
  protected assertWritable(): void {
    if (this.isReadOnly) throw this.readOnly();
    this.assertUnclosed();
  }

  /** @throws {TrackUsageError} `STORAGE_CLOSED` */
  protected assertUnclosed(): void {
    if (this.#closing !== null) throw storageClosed(this.name);
  }

  async #end(): Promise<void> {
    this.endReading();
    this.#marked.close(
      new TrackUsageError('STORAGE_CLOSED', `The storage '${this.name}' was closed in the midst of a batch.`),
    );
    await this.#marker?.close();
    await this.disconnect();
  }

  /** Resolves with how many records were deleted, even where that could not be marked: their mark then stays as it is. */
  async #aroundSpan(
    span: Span,
    signal: AbortSignal,
    action: (combined: AbortSignal) => Promise<number>,
  ): Promise<number> {
    const marker = this.#marker;
    if (marker === null) return action(signal);
    let count = 0;
    const deleting = async (combined: AbortSignal): Promise<void> =>
      marker.aroundSpan(span, combined, async () => void (count = await action(combined)));
    await this.#marked.run(signal, deleting).catch((error: unknown) => {
      if (count === 0) throw error;
    });
    return count;
  }

  /**
   * Has records deleted, chunk by chunk, until a query finds none, or a limit is reached. A record that is still found may have been
   * stored again meanwhile; twice in a row, the database keeps it.
   */
  async #deleteFound(
    query: UsageCountQuery,
    limit: number,
    signal: AbortSignal,
    remove: (found: readonly UsagePosition[]) => Promise<void>,
  ): Promise<number> {
    let total = 0;
    let last: readonly string[] = [];
    for (let inVain = 0; ;) {
      const found = await this.find(query, Math.max(1, Math.min(this.chunkRecords, limit - total)), signal);
      if (found.length === 0) return total;
      const ids = found.map(({ id }) => id);
      inVain = ids[0] === last[0] ? inVain + 1 : 0;
      if (inVain === DELETIONS_IN_VAIN)
        throw undeletable(`The storage '${this.name}' deletes records`, ids[0]);
      const before = new Set(last);
      total -= ids.filter((id) => before.has(id)).length;
      if (total >= limit) return total;
      await remove(found);
      total += found.length;
      last = ids;
    }
  }

  /** Records of sealed days are refused: only summaries tell of those, and nothing is added to them. */
  async #writeKept(
    kept: readonly UsageRecord[],
    sealed: readonly UsageRecord[],
    signal: AbortSignal,
  ): Promise<StoreResult> {
    if (sealed.length === 0) return this.write(kept, signal);
    const error = new TrackUsageError(
      'RECORD_EXPIRED',
      `The storage '${this.name}' takes no records of days whose records retention has deleted.`,
    );
    const { stored, refused } =
      kept.length === 0 ? { stored: 0, refused: [] } : await this.write(kept, signal);
    return { stored, refused: [...refused, ...sealed.map(({ id }) => ({ id, error }))] };
  }

  /** The error of somebody who writes although it was opened for reading only. */
  protected readOnly(): TrackUsageError {
    return new TrackUsageError(
      'STORAGE_SETUP',
      `The storage '${this.name}' was opened with readOnly: true, and writes nothing. Open it without that option.`,
    );
  }
}
