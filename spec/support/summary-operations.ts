import type { UsageRecord } from '../../src/record/usage-record.js';
import type { UsagePerson } from '../../src/storage/usage-person.js';
import type {
  DeletingUsageStorage,
  ReadableUsageStorage,
  StorageSummaries,
} from '../../src/storage/usage-storage.js';
import { type FoldSettings, foldOnce } from '../../src/summary/fold.js';
import { ALWAYS } from '../../src/summary/periods.js';
import { rebuildSpan } from '../../src/summary/rebuild.js';
import { sealBefore } from '../../src/summary/seal.js';
import { makeRecord } from './records.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SUMMED, repeated } from './summarized.js';

/** A storage that keeps summaries, deletes and erases. */
export type SummarizingStorage = DeletingUsageStorage &
  Required<Pick<ReadableUsageStorage, 'reader' | 'erase' | 'close'>>;

/** Who is erased. */
export const PERSON: UsagePerson & { readonly username: string } = { username: 'Ottilie-Xanthippe' };

const { signal } = new AbortController();

/** Deleted at once, so that a few records take several steps. */
const CHUNK = 2;

/** What processes do with summaries, told from the moment at which the records begin. */
export const OPERATIONS = {
  /** Sums up the slices and the first hours of a day that is not over. */
  fold: (storage, startMs) => foldAll(storage, startMs + 5 * HOUR_MS),
  /** Sums up days of their hours. */
  merge: (storage, startMs) => foldAll(storage, startMs + 4 * DAY_MS),
  /** Sums up a day again in which a record has arrived late. */
  refold: (storage, startMs) => foldAll(storage, startMs + 4 * DAY_MS),
  /** Seals the first days and deletes their records. */
  prune: async (storage, startMs) => {
    const settings = settingsOf(storage, startMs + 4 * DAY_MS);
    await storage.summaries?.settle();
    await repeated(async () => {
      const kept = { daysMs: 1000 * DAY_MS, callersMs: 1000 * DAY_MS };
      const { untilMs, isMore } = await sealBefore(settings, kept, cutOf(startMs), signal);
      const deleted = untilMs === null ? 0 : await storage.deleteBefore(new Date(untilMs), CHUNK, signal);
      return { isMore: isMore || deleted === CHUNK };
    });
  },
  /** Sums up all days again. */
  rebuild: async (storage, startMs) => {
    const settings = settingsOf(storage, startMs + 4 * DAY_MS);
    await rebuildSpan(
      settings,
      ALWAYS,
      (limit) => foldOnce(settings, limit),
      () => {},
      signal,
    );
  },
  erase: async (storage) => void (await storage.erase(PERSON, signal)),
} as const satisfies Record<string, (storage: SummarizingStorage, startMs: number) => Promise<unknown>>;

export type OperationName = keyof typeof OPERATIONS;

/** The end of what is sealed by a pruning. */
export function cutOf(startMs: number): number {
  return startMs + DAY_MS;
}

/** Folds all that can be folded at a moment. */
export async function foldAll(storage: SummarizingStorage, nowMs: number): Promise<void> {
  await repeated(() => foldOnce(settingsOf(storage, nowMs), signal));
}

/** Does what has to be done before an operation has something to do. */
export async function prepareFor(
  operation: OperationName,
  storage: SummarizingStorage,
  startMs: number,
): Promise<void> {
  await storage.store(recordsFrom(startMs), signal);
  await storage.summaries?.settle();
  if (operation === 'fold') return;
  await foldAll(storage, startMs + 5 * HOUR_MS);
  if (operation === 'merge') return;
  await foldAll(storage, startMs + 4 * DAY_MS);
  if (operation === 'refold') {
    await storage.store([lateRecord(startMs)], signal);
    await storage.summaries?.settle();
  }
  if (operation === 'erase') await OPERATIONS.prune(storage, startMs);
}

/** Records of two days: some in the first hours, and some later. */
export function recordsFrom(startMs: number): UsageRecord[] {
  const minutes = [1, 2, 7, 62, 125, 700, 1450, 1700, 2160, 2161];
  return minutes.map((minute, index) =>
    makeRecord({
      date: new Date(startMs + minute * MINUTE_MS),
      username: [PERSON.username, 'Balduin', null][index % 3] as string | null,
      status: [200, 404, 500][index % 3] as number,
      durationMs: index * 7.3,
      weight: index % 4 === 0 ? 1 / 0.3 : 1,
    }),
  );
}

/** A record of the first hour, which arrives when its day is summed up. */
export function lateRecord(startMs: number): UsageRecord {
  return makeRecord({ date: new Date(startMs + 4 * MINUTE_MS), username: 'late' });
}

/** Has something happen before every call that a storage makes of its database for summaries or deletions. */
export function watchCalls(storage: SummarizingStorage, onCall: () => Promise<void> | void): void {
  const watch = (target: object, names: readonly string[]): void => {
    for (const name of names) {
      const call = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      const watched = async (...args: unknown[]): Promise<unknown> => {
        await onCall();
        return call.apply(target, args);
      };
      Object.defineProperty(target, name, { value: watched, configurable: true });
    }
  };
  watch((storage.summaries as StorageSummaries).store, ['find', 'insert', 'delete']);
  watch(storage, ['prune', 'remove']);
}

function settingsOf(storage: SummarizingStorage, nowMs: number): FoldSettings {
  const { store, reader } = storage.summaries as StorageSummaries;
  return { store, reader, timeZone: 'UTC', dimensions: SUMMED, now: () => nowMs };
}
