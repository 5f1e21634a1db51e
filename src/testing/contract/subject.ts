import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';

/**
 * A storage under the contract, empty when it is opened. What is optional, a storage offers if it can; the checks that
 * need it say so in `needs`.
 */
export interface StorageSubject {
  /** The storage, which keeps nothing yet. */
  readonly storage: ReadableUsageStorage;

  /** Closes the storage and opens it again on what it kept. Leave it out where nothing outlives the storage. */
  readonly reopen?: (() => Promise<ReadableUsageStorage>) | undefined;

  /**
   * Opens a second storage on what the first one keeps, as another process would: with a connection of its own, while
   * the first stays open. `close` closes both.
   */
  readonly openAnother?: (() => Promise<ReadableUsageStorage>) | undefined;

  /**
   * Makes the storage refuse the records with these ids for good, until `close`. On SQL, a constraint of the user's
   * own: `alter table koa_usage add constraint poison check (id not in ('…'))`.
   */
  readonly poison?: ((ids: readonly string[]) => Promise<void>) | undefined;

  /**
   * Sets the server to a time zone that is not UTC (at best one with summer time), closes the storage and opens it
   * again on what it kept. `close` puts the zone back.
   */
  readonly reopenInOtherZone?: (() => Promise<ReadableUsageStorage>) | undefined;

  /** Whether its server is so slow that the same is to be shown with a tenth of the records. @default false */
  readonly isSlow?: boolean | undefined;

  /** Closes the storage, and removes what it kept. */
  close(): Promise<void>;
}

/** Opens an empty storage. It is called once a check. */
export type OpenStorage = () => Promise<StorageSubject>;

/** What a subject may offer. */
export type StorageOffer = 'reopen' | 'openAnother' | 'poison' | 'reopenInOtherZone';

/** One thing that every storage does. */
export interface StorageCheck {
  /** What it does: a sentence, different for each check. */
  readonly title: string;
  /** What the subject has to offer; where it does not, `run` passes without having checked anything. */
  readonly needs: StorageOffer | null;
  /** Opens an empty storage, checks, and closes it. Rejects where the storage does something else. */
  readonly run: () => Promise<void>;
}

/** A check that has not been given a storage yet. */
export interface ContractCheck {
  readonly title: string;
  readonly needs: StorageOffer | null;
  readonly body: (storage: ReadableUsageStorage, subject: StorageSubject) => Promise<void>;
}

/** A check that any storage can be put to. */
export function check(title: string, body: ContractCheck['body']): ContractCheck {
  return { title, needs: null, body };
}

/** A check of what the subject has to offer; it is given that. */
export function checkWith<Offer extends StorageOffer>(
  needs: Offer,
  title: string,
  body: (
    storage: ReadableUsageStorage,
    offer: NonNullable<StorageSubject[Offer]>,
    subject: StorageSubject,
  ) => Promise<void>,
): ContractCheck {
  return {
    title,
    needs,
    async body(storage, subject) {
      const offer = subject[needs];
      if (offer !== undefined) await body(storage, offer, subject);
    },
  };
}

/** Gives a check a storage. */
export function bind({ title, needs, body }: ContractCheck, open: OpenStorage): StorageCheck {
  return {
    title,
    needs,
    async run() {
      const subject = await open();
      try {
        await body(subject.storage, subject);
      } finally {
        await subject.close();
      }
    },
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

/** Does something while other writes are under way, all of which have to succeed before it ends. */
export async function beside(body: (begin: (write: Promise<void>) => void) => Promise<void>): Promise<void> {
  const writes: Promise<[PromiseSettledResult<void>]>[] = [];
  try {
    await body((write) => void writes.push(Promise.allSettled([write])));
  } finally {
    await Promise.all(writes);
  }
  for (const [outcome] of await Promise.all(writes)) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The ids that a query finds, in its order. */
export async function idsOf(storage: ReadableUsageStorage, query?: UsageQuery): Promise<string[]> {
  return (await storage.reader.getUsage(query)).map(({ id }) => id);
}

/** The ids of records. */
export function ids(records: readonly UsageRecord[]): string[] {
  return records.map(({ id }) => id);
}
