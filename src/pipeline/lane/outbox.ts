import { earliest } from '../../time/clock.js';
import { estimateRecordBytes } from '../../record/record-size.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { RecordQueue, type TakenBatch } from '../record-queue.js';
import type { RecordSpool } from '../spool/spool-contract.js';
import type { LaneAccounts } from './lane-accounts.js';
import type { LaneSettings } from './lane-settings.js';

/** Records expire when those do that came up to this part of `retry.maxAgeMs` later. */
const SPANS = 8;

/** Where the records of one storage wait: in memory, and on disk if there is a spool. */
export class Outbox {
  readonly #settings: Omit<LaneSettings, 'batch'>;
  readonly #queue = new RecordQueue();
  readonly #spool: RecordSpool | null;
  readonly #accounts: LaneAccounts;
  readonly #relinquish: () => UsageRecord | null;
  /** Records that were taken from the queue and are not settled. They may have to come back, and so count against the bounds. */
  #heldRecords = 0;
  #heldBytes = 0;
  #tookFromSpool = false;

  /**
   * @param relinquish - hands back the oldest record of the batches that were taken; null if the storage is working on all of them
   */
  constructor(
    settings: Omit<LaneSettings, 'batch'>,
    spool: RecordSpool | null,
    accounts: LaneAccounts,
    relinquish: () => UsageRecord | null,
  ) {
    this.#settings = settings;
    this.#spool = spool;
    this.#accounts = accounts;
    this.#relinquish = relinquish;
  }

  /** Records in memory that have not been taken. */
  get queued(): number {
    return this.#queue.length + (this.#spool?.pending ?? 0);
  }

  /** Estimated bytes in memory that have not been taken. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Whether records wait on disk for want of room in memory, or the spool could not be written or read. */
  get isStrained(): boolean {
    return this.#spool !== null && (this.#spool.hasFailed || (!this.#writesAhead && this.spooled > 0));
  }

  /** Records that can be taken, or read to be taken. */
  get takeable(): number {
    const isAtHand = this.#spool?.isReadable === true && !this.#spool.isReading;
    return this.#queue.length + (isAtHand ? this.spooled : 0);
  }

  /** Whether the spool can take in no more until some of its records are stored. */
  get isSpoolFull(): boolean {
    return this.#spool?.hasRoom(1) === false;
  }

  /** Whether records are being read from disk that can be taken soon. */
  get isReading(): boolean {
    return this.#spool?.isReading === true;
  }

  /** Records on disk that are not settled. */
  get spooled(): number {
    return this.#spool?.length ?? 0;
  }

  /** When the oldest record that waits was made, in milliseconds since 1970; null if none waits. */
  get oldestMs(): number | null {
    return earliest(this.#queue.first?.date.getTime() ?? null, this.#spool?.oldestMs ?? null);
  }

  /** Takes a record in, or drops it, or others in its place. */
  push(record: UsageRecord, bytes: number): void {
    const { maxBytes, overflow } = this.#settings.queue;
    if (bytes > maxBytes) this.#accounts.drop('too-large', [record], null);
    else if (this.#writesAhead && this.#append(record, bytes)) return;
    else if (this.#enqueue(record, bytes)) return;
    else if (!this.#writesAhead && this.#append(record, bytes)) return;
    else if (this.#spool !== null)
      this.#accounts.drop(this.#spool.isFailing ? 'spool-error' : 'spool-full', [record], null);
    else if (overflow === 'drop-oldest') this.#pushOut(record, bytes);
    else this.#accounts.drop('queue-full', [record], null);
  }

  /**
   * Takes in again the records that the spool did not write.
   *
   * @param error - why the spool could not write them; null if it had no room
   */
  takeBack(records: readonly UsageRecord[], error: Error | null): void {
    const left = records.filter((record) => !this.#enqueue(record, estimateRecordBytes(record)));
    this.#accounts.drop(error === null ? 'spool-full' : 'spool-error', left, error);
  }

  /**
   * Takes the oldest records, from memory and from disk in turn, so that neither of the two waits for the other to be empty.
   * Nobody waits for the disk: records that have to be read first can be taken the next time.
   */
  take(maxRecords: number, maxBytes: number): TakenBatch | Promise<TakenBatch | null> | null {
    const spool = this.#spool;
    const isSpoolsTurn = this.spooled > 0 && (this.#queue.length === 0 || !this.#tookFromSpool);
    this.#tookFromSpool = isSpoolsTurn && spool?.isReady === true;
    if (spool === null || !isSpoolsTurn) return this.#takeQueued(maxRecords, maxBytes);
    if (spool.isReady) return spool.take(maxRecords, maxBytes);
    void spool.read();
    return this.#takeQueued(maxRecords, maxBytes);
  }

  /** Notes now and then which records had come by a moment of the monotonic clock. */
  mark(nowMs: number): void {
    this.#queue.mark(nowMs, this.#settings.retry.maxAgeMs / SPANS);
  }

  /** Moves records from memory to disk, as far as there is room. Records that the storage is working on stay. */
  spool(): void {
    if (this.#spool === null || this.#spool.isFailing) return;
    const taken: UsageRecord[] = [];
    for (let next = this.#relinquish(); next !== null; next = this.#relinquish()) taken.push(next);
    this.takeBack(this.#moveToDisk(taken), null);
  }

  /** Waits until the records that go to disk are there. */
  async written(): Promise<void> {
    await this.#spool?.written();
  }

  /**
   * Moves the records in memory to disk, if there is a spool, and drops those that find no room there.
   *
   * @param taken - records that were taken from memory and are not settled
   */
  async rescue(taken: readonly UsageRecord[]): Promise<void> {
    const lost = this.#moveToDisk(taken);
    this.#heldRecords = 0;
    this.#heldBytes = 0;
    this.#accounts.drop('shutdown-timeout', lost, this.#accounts.lastError);
    await this.#spool?.close();
  }

  /**
   * Drops the records that could not be moved to disk, or not in time.
   *
   * @param taken - records that were taken from memory and are not settled
   */
  abandon(taken: readonly UsageRecord[]): void {
    const left = [...taken, ...(this.#spool?.takePending() ?? []), ...this.#queue.take(Infinity).records];
    this.#accounts.drop('shutdown-timeout', left, this.#accounts.lastError);
  }

  get #writesAhead(): boolean {
    return this.#settings.spool?.mode === 'wal';
  }

  /** @returns the records that find no room there */
  #moveToDisk(taken: readonly UsageRecord[]): UsageRecord[] {
    const waiting = [...taken, ...this.#queue.take(Infinity).records];
    return waiting.filter((record) => !this.#append(record, estimateRecordBytes(record)));
  }

  /** Puts a record into the queue, if there is room. */
  #enqueue(record: UsageRecord, bytes: number): boolean {
    const { maxRecords, maxBytes } = this.#settings.queue;
    if (this.#queue.length + this.#heldRecords >= maxRecords) return false;
    if (this.#queue.bytes + this.#heldBytes + bytes > maxBytes) return false;
    this.#queue.push(record, bytes);
    return true;
  }

  /** Hands a record to the spool, if there is one with room. */
  #append(record: UsageRecord, bytes: number): boolean {
    if (this.#spool === null || this.#spool.isFailing || !this.#spool.hasRoom(bytes)) return false;
    this.#spool.append(record, bytes);
    return true;
  }

  /** Drops the oldest records until there is room. Records that the storage is working on cannot make room. */
  #pushOut(record: UsageRecord, bytes: number): void {
    const dropped: UsageRecord[] = [];
    while (!this.#enqueue(record, bytes)) {
      const oldest = this.#relinquish() ?? this.#queue.take(1).records[0];
      dropped.push(oldest ?? record);
      if (oldest === undefined) break;
    }
    this.#accounts.drop('queue-full', dropped, null);
  }

  #takeQueued(maxRecords: number, maxBytes: number): TakenBatch | null {
    const { clock } = this.#settings;
    const { records, sizes, sinceMs } = this.#queue.take(maxRecords, maxBytes, clock.monotonic());
    if (records.length === 0) return null;
    this.#hold(sizes, 1);
    const settle = (count: number): void => this.#hold(sizes.splice(0, count), -1);
    return { records, isSpooled: false, sinceMs, settle };
  }

  /** Adds records that were taken to the held ones (`sign` 1), or removes records that are settled (`sign` -1). */
  #hold(sizes: readonly number[], sign: 1 | -1): void {
    this.#heldRecords += sign * sizes.length;
    this.#heldBytes += sign * sizes.reduce((sum, size) => sum + size, 0);
  }
}
