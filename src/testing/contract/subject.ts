import type { ReadableUsageStorage } from '../../storage/usage-storage.js';

/**
 * A storage under the contract, empty when it is opened. It offers as much of the optional members as it can; a check
 * names in `needs` the one that it cannot do without.
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

  /** Whether its server is so slow that a tenth of the records has to do. @default false */
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
  /** What every storage does: a sentence, different for each check. */
  readonly title: string;
  /** The offer without which `run` passes and has checked nothing. */
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

/** A check that needs an offer of the subject, and is given it. */
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
