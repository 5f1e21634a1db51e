import type { UsageRecord } from '../../src/record/usage-record.js';
import { type UsageStreamQuery, isSelected, resolveUsageStreamQuery } from '../../src/storage/usage-query.js';
import type { UsageReader } from '../../src/storage/usage-reader.js';
import { newestFirst } from './records.js';

/** Records in memory, with all that was there before. */
export class MemoryRecords implements Pick<UsageReader, 'streamUsage'> {
  readonly #history: (readonly UsageRecord[])[] = [[]];

  /** Grows by one with each change. */
  get version(): number {
    return this.#history.length - 1;
  }

  /** The records, the newest first. */
  get all(): readonly UsageRecord[] {
    return this.at(this.version);
  }

  /** The records of a version. */
  at(version: number): readonly UsageRecord[] {
    return this.#history[version] as readonly UsageRecord[];
  }

  /** Adds records; one that is there stays as it is. */
  add(records: readonly UsageRecord[]): void {
    const known = new Set(this.all.map(({ id }) => id));
    const added = records.filter(({ id }) => !known.has(id));
    if (added.length > 0) this.#history.push([...this.all, ...added].toSorted(newestFirst));
  }

  /** Deletes the records that a condition holds for, and returns their ids. */
  delete(isMeant: (record: UsageRecord) => boolean): Set<string> {
    const gone = new Set(this.all.filter(isMeant).map(({ id }) => id));
    if (gone.size > 0) this.#history.push(this.all.filter(({ id }) => !gone.has(id)));
    return gone;
  }

  /** Streams the records as they are when the first is asked for. */
  async *streamUsage(query?: UsageStreamQuery): AsyncGenerator<UsageRecord, undefined, void> {
    yield* selectFrom(this.all, query);
  }
}

/** A reader of records that do not change. */
export function readerOf(records: readonly UsageRecord[]): Pick<UsageReader, 'streamUsage'> {
  return {
    async *streamUsage(query?: UsageStreamQuery): AsyncGenerator<UsageRecord, undefined, void> {
      yield* selectFrom(records, query);
    },
  };
}

/** The records that a query asks for. */
export function selectFrom(records: readonly UsageRecord[], query?: UsageStreamQuery): UsageRecord[] {
  const resolved = resolveUsageStreamQuery(query);
  return records.filter((record) => isSelected(record, resolved));
}
