import type { UsageRecord } from '../../src/record/usage-record.js';
import type { UsageQuery } from '../../src/storage/usage-query.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';

/** A storage under the contract, empty when it is opened. */
export interface ContractSubject {
  readonly storage: ReadableUsageStorage;
  /** Whether its server is so slow that the same is shown with fewer records. */
  readonly isSlow?: boolean;
  /** Closes the storage and opens it again on what it kept; left out where nothing outlives it. */
  readonly reopen?: () => Promise<ReadableUsageStorage>;
  /** Closes the storage and removes what it kept. */
  close(): Promise<void>;
}

/** Opens an empty storage. */
export type OpenSubject = () => Promise<ContractSubject>;

/** Calls a spec with an empty storage, and closes that afterwards. */
export function withStorage(
  open: OpenSubject,
  body: (storage: ReadableUsageStorage, subject: ContractSubject) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const subject = await open();
    try {
      await body(subject.storage, subject);
    } finally {
      await subject.close();
    }
  };
}

/** A signal that nobody aborts. */
export function patience(): AbortSignal {
  return new AbortController().signal;
}

/** Stores records in one batch, all of which have to be taken. */
export async function storeAll(
  storage: ReadableUsageStorage,
  records: readonly UsageRecord[],
): Promise<void> {
  const { stored, refused } = await storage.store(records, patience());
  if (refused[0] !== undefined) throw refused[0].error;
  if (stored !== records.length) throw new Error(`${stored} of ${records.length} records were stored.`);
}

/** The ids that a query finds, in its order. */
export async function idsOf(storage: ReadableUsageStorage, query?: UsageQuery): Promise<string[]> {
  return (await storage.getUsage(query)).map(({ id }) => id);
}
