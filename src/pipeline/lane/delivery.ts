import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { Attempt } from './attempt.js';
import type { LaneAccounts } from './lane-accounts.js';
import type { LaneSettings } from './lane-settings.js';
import type { Outbox } from './outbox.js';
import { Parcel } from './parcel.js';
import { closedTooSoon, isRefusedBatch } from '../storage-errors.js';

/**
 * The one batch of a lane that is under way: taken from where records wait, attempted, divided where it is refused, and
 * settled.
 */
export class Delivery {
  readonly #storage: UsageStorage;
  readonly #settings: LaneSettings;
  readonly #outbox: Outbox;
  readonly #accounts: LaneAccounts;
  /** What was taken and is not yet settled. */
  #parcel: Parcel | null = null;
  #attempt: Attempt | null = null;
  #hasEnded = false;

  constructor(storage: UsageStorage, settings: LaneSettings, outbox: Outbox, accounts: LaneAccounts) {
    this.#storage = storage;
    this.#settings = settings;
    this.#outbox = outbox;
    this.#accounts = accounts;
  }

  /** Whether a batch was taken that is not settled. */
  get isUnderWay(): boolean {
    return this.#parcel !== null;
  }

  /** Records of the batch that are nowhere else. */
  get inMemory(): number {
    return this.#parcel?.isSpooled === false ? this.#parcel.length : 0;
  }

  /** Records that the storage is working on. */
  get inFlight(): number {
    return this.#attempt === null ? 0 : (this.#parcel?.piece.length ?? 0);
  }

  /** Records that the storage is working on and that are on disk as well. */
  get spooledInFlight(): number {
    return this.#parcel?.isSpooled === true ? this.inFlight : 0;
  }

  /** When the first record of the batch was made, in milliseconds since 1970; null if there is none. */
  get oldestMs(): number | null {
    return this.#parcel?.oldestMs ?? null;
  }

  /** Takes the next batch, if none is under way. It never throws. */
  async take(): Promise<boolean> {
    const { maxRecords, maxBytes } = this.#settings.batch;
    if (this.#hasEnded) return false;
    if (this.#parcel !== null) return true;
    try {
      const taken = this.#outbox.take(maxRecords, maxBytes);
      const batch = taken instanceof Promise ? await taken : taken;
      if (batch === null || this.#hasEnded) return false;
      this.#parcel = new Parcel(batch);
      return true;
    } catch (error) {
      this.#accounts.fail(error);
      return false;
    }
  }

  /**
   * Makes one attempt at the first piece of the batch. It never throws.
   *
   * @returns whether to go on at once
   */
  async attempt(): Promise<boolean> {
    const { clock, retry } = this.#settings;
    const parcel = this.#parcel;
    // It may have ended since the batch was taken.
    if (parcel === null || this.#hasEnded) return false;
    this.#accounts.drop('expired', parcel.takeOlder(clock.now() - retry.maxAgeMs), null);
    if (parcel.piece.length === 0) return this.#passPiece(parcel);
    const attempt = new Attempt(this.#storage, parcel.piece);
    const startedMs = clock.monotonic();
    this.#attempt = attempt;
    try {
      const result = await attempt.run(clock, retry.attemptTimeoutMs);
      if (this.#attempt !== attempt) return false;
      this.#passPiece(parcel);
      this.#accounts.settle(result, clock.monotonic() - startedMs);
      return true;
    } catch (error) {
      if (this.#attempt !== attempt) return false;
      this.#attempt = null;
      if (isRefusedBatch(error)) return this.#divide(parcel, error);
      this.#accounts.fail(error);
      return false;
    }
  }

  /** Ends the attempt that is under way, and makes no other. */
  end(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    this.#hasEnded = true;
    attempt?.end(closedTooSoon(this.#storage.name));
  }

  /** Gives up the oldest record of a batch that waits in memory for its next attempt; null if there is none. */
  relinquish(): UsageRecord | null {
    if (this.#attempt !== null || this.#parcel?.isSpooled !== false) return null;
    return this.#parcel.takeFirst();
  }

  /** Gives up what is not settled, and returns those records that are nowhere else. */
  giveUp(): readonly UsageRecord[] {
    const records = this.#parcel?.isSpooled === false ? this.#parcel.records : [];
    this.#parcel = null;
    return records;
  }

  /** Goes on to the next piece. */
  #passPiece(parcel: Parcel): true {
    this.#attempt = null;
    parcel.settlePiece();
    if (parcel.length === 0) this.#parcel = null;
    return true;
  }

  /** A batch that is refused is halved until the record that it is refused for is alone. */
  #divide(parcel: Parcel, error: Error): true {
    const [record] = parcel.piece;
    if (parcel.piece.length > 1 || record === undefined) {
      parcel.halve();
      return true;
    }
    this.#passPiece(parcel);
    this.#accounts.settle({ stored: 0, refused: [{ record, error }] }, 0);
    return true;
  }
}
