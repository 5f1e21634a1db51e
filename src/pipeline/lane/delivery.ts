import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { attemptToStore } from './attempt.js';
import type { LaneAccounts } from './lane-accounts.js';
import type { LaneSettings } from './lane-settings.js';
import type { Outbox } from './outbox.js';
import { Parcel } from './parcel.js';
import { PieceSize } from './piece-size.js';
import { summarizeError, toError } from '../telling/report-log.js';
import { closedTooSoon, isExpired, isRefusedBatch, isTimeOut, refusesAll } from '../storage-errors.js';

/** So many records are tried, at least, before a storage that refuses all of them is left alone for a while. */
const PROBE_RECORDS = 16;

/**
 * The one batch of a lane that is under way: taken from where records wait, attempted, divided where it is refused, and
 * settled. A record that is refused is at fault only if the storage has taken another one since the batch was begun. Until
 * then nobody knows whether the storage takes any record. The batch is set aside, and other records are tried before it.
 */
export class Delivery {
  readonly #storage: UsageStorage;
  readonly #settings: LaneSettings;
  readonly #outbox: Outbox;
  readonly #accounts: LaneAccounts;
  readonly #pieceSize: PieceSize;
  /** The batch that is under way; null between two batches. */
  #parcel: Parcel | null = null;
  /** Batches that were set aside, oldest first. */
  readonly #suspects: Parcel[] = [];
  /** Ends the attempt that is under way. */
  #attempt: AbortController | null = null;
  #hasEnded = false;

  constructor(storage: UsageStorage, settings: LaneSettings, outbox: Outbox, accounts: LaneAccounts) {
    this.#storage = storage;
    this.#settings = settings;
    this.#outbox = outbox;
    this.#accounts = accounts;
    this.#pieceSize = new PieceSize(settings.batch.maxRecords);
  }

  /** Whether a batch was taken that is not settled. */
  get isUnderWay(): boolean {
    return this.#parcels.length > 0;
  }

  /** Records that were taken and are in memory alone. */
  get inMemory(): number {
    const taken = inMemory(this.#parcel);
    // The lane asks for this figure with every record.
    if (this.#suspects.length === 0) return taken;
    return this.#suspects.reduce((sum, suspect) => sum + inMemory(suspect), taken);
  }

  /** Records that the storage is working on. */
  get inFlight(): number {
    return this.#attempt === null ? 0 : (this.#parcel?.piece.length ?? 0);
  }

  /** Records that the storage is working on and that are on disk as well. */
  get spooledInFlight(): number {
    return this.#parcel?.isSpooled === true ? this.inFlight : 0;
  }

  /** When the first record that was taken was made, in milliseconds since 1970; null if there is none. */
  get oldestMs(): number | null {
    return this.#parcels[0]?.oldestMs ?? null;
  }

  get #parcels(): readonly Parcel[] {
    return this.#parcel === null ? this.#suspects : [...this.#suspects, this.#parcel];
  }

  /** Takes the next batch, if none is under way. Never throws. */
  async take(): Promise<boolean> {
    const { maxRecords, maxBytes } = this.#settings.batch;
    if (this.#hasEnded) return false;
    if (this.#parcel !== null) return true;
    const [suspect] = this.#suspects;
    try {
      if (suspect === undefined || !this.#isProven(suspect)) {
        const most = suspect === undefined ? maxRecords : Math.min(maxRecords, PROBE_RECORDS);
        const taken = this.#outbox.take(most, maxBytes);
        const batch = taken instanceof Promise ? await taken : taken;
        if (this.#hasEnded) return false;
        if (batch !== null) this.#parcel = new Parcel(batch, this.#accounts.stored);
      }
      this.#parcel ??= this.#suspects.shift() ?? null;
      return this.#parcel !== null;
    } catch (error) {
      this.#accounts.fail(error);
      return false;
    }
  }

  /**
   * Makes one attempt at the first piece of the batch. Never throws.
   *
   * @returns whether to go on at once
   */
  async attempt(): Promise<boolean> {
    const { clock, retry } = this.#settings;
    const parcel = this.#parcel;
    // The delivery may have ended since the batch was taken.
    if (parcel === null || this.#hasEnded) return false;
    if (parcel.isPutOff) {
      if (!this.#isProven(parcel)) return this.#setAside(parcel);
      parcel.regroup();
    }
    parcel.divide(this.#pieceSize.records);
    const attempt = new AbortController();
    const startedMs = clock.monotonic();
    const { piece } = parcel;
    this.#outbox.mark(startedMs);
    // The time of day may have been set since the records came.
    if (startedMs - parcel.sinceMs > retry.maxAgeMs || piece.length === 0) return this.#expire(parcel);
    this.#attempt = attempt;
    try {
      const result = await attemptToStore(this.#storage, piece, attempt, clock, retry.attemptTimeoutMs);
      if (this.#attempt !== attempt) return false;
      this.#pieceSize.taken(piece.length);
      const first = result.refused.find(({ error }) => !isExpired(error));
      if (first !== undefined && result.stored === 0 && !this.#isProven(parcel))
        return this.#putOff(parcel, first.error);
      this.#passPiece(parcel);
      this.#accounts.settle(result, clock.monotonic() - startedMs);
      return true;
    } catch (error) {
      if (this.#attempt !== attempt) return false;
      this.#attempt = null;
      if (isRefusedBatch(error)) return this.#divide(parcel, error);
      if (isTimeOut(error)) this.#pieceSize.timedOut(piece.length);
      this.#accounts.fail(error);
      return false;
    }
  }

  /** Ends the attempt that is under way, and makes no other. */
  end(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    this.#hasEnded = true;
    attempt?.abort(closedTooSoon(this.#storage.name));
  }

  /** Hands back the oldest record that waits in memory for its next attempt; null if there is none. */
  relinquish(): UsageRecord | null {
    const waiting = this.#attempt === null ? this.#parcels : this.#suspects;
    return waiting.find(({ isSpooled, length }) => !isSpooled && length > 0)?.takeFirst() ?? null;
  }

  /** Lets go of all batches, and hands back those of their records that are in memory alone. */
  relinquishAll(): readonly UsageRecord[] {
    const records = this.#parcels.flatMap((parcel) => (parcel.isSpooled ? [] : parcel.records));
    this.#parcel = null;
    this.#suspects.length = 0;
    return records;
  }

  /** Whether the storage has taken a record since the batch was begun. */
  #isProven({ storedBefore }: Parcel): boolean {
    return this.#accounts.stored > storedBefore;
  }

  /** Goes on to the next piece. */
  #passPiece(parcel: Parcel): true {
    this.#attempt = null;
    parcel.settlePiece();
    if (parcel.length === 0) this.#parcel = null;
    return true;
  }

  /** Drops a piece that has waited for too long, or is empty. */
  #expire(parcel: Parcel): true {
    const { piece } = parcel;
    this.#passPiece(parcel);
    this.#accounts.drop('expired', piece, null);
    return true;
  }

  /** A batch that is refused is halved until the record that it is refused for is alone. */
  #divide(parcel: Parcel, error: Error): true {
    const [record] = parcel.piece;
    const isProven = this.#isProven(parcel);
    // Each record of a batch that was set aside is known to be refused.
    if (parcel.piece.length > 1 && (isProven || !parcel.isSuspect)) {
      parcel.divide(Math.ceil(parcel.piece.length / 2));
      return true;
    }
    if (!isProven || record === undefined) return this.#putOff(parcel, error);
    this.#passPiece(parcel);
    this.#accounts.settle({ stored: 0, refused: [{ record, error }] }, 0);
    return true;
  }

  /** Leaves a piece of which every record is refused until the others have been tried. */
  #putOff(parcel: Parcel, error: Error): true {
    this.#attempt = null;
    parcel.putOff(error);
    return true;
  }

  /**
   * Waits with a batch of which every record is refused, until the storage has taken another record.
   *
   * @returns whether to go on with others: so few records may all be at fault
   */
  #setAside(parcel: Parcel): boolean {
    const isNew = !parcel.isSuspect;
    parcel.regroup();
    this.#parcel = null;
    this.#suspects.push(parcel);
    const count = this.#suspects.reduce((sum, { length }) => sum + length, 0);
    if (isNew && count < PROBE_RECORDS) return true;
    const { message } = summarizeError(toError(parcel.refusal));
    this.#accounts.fail(refusesAll(this.#storage.name, parcel.length, message, parcel.refusal));
    return false;
  }
}

function inMemory(parcel: Parcel | null): number {
  return parcel === null || parcel.isSpooled ? 0 : parcel.length;
}
