import { earliest } from '../../time/clock.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { DropReason } from '../telling/accounting.js';
import { type Load, type QueueBounds, RecordQueue } from './record-queue.js';
import type { Spool } from '../spool/spool.js';

/** What happens to a record that finds the queue full, where there is no spool. */
export type Overflow = 'drop-newest' | 'drop-oldest';

/** How much waits in memory, and where the rest goes. */
export interface OutboxSettings extends QueueBounds {
  readonly overflow: Overflow;
}

/** Whether every record is written to disk before anything else, or only those that the queue has no room for. */
export type SpoolMode = 'overflow' | 'wal';

/** Records that were taken to be stored. */
export interface OutBatch {
  readonly records: readonly UsageRecord[];
  /** Whether they are still on disk. */
  readonly isSpooled: boolean;
  /** Says that so many of them, the oldest, are stored or dropped. */
  settle(count: number): void;
}

/** Where the records of one storage wait: in memory, and on disk if there is a spool. */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #queue: RecordQueue;
  readonly #spool: Spool | null;
  readonly #mode: SpoolMode;
  readonly #drop: (reason: DropReason, records: readonly UsageRecord[], error: Error | null) => void;
  readonly #relinquish: () => UsageRecord | null;
  /** What was taken from the queue and is not settled. */
  #held: Load = { records: 0, bytes: 0 };
  #tookFromSpool = false;

  /**
   * @param drop - is told of records that are given up
   * @param relinquish - settles the oldest record of the batch that was taken and hands it back; null where the storage is
   *   working on it
   */
  constructor(
    settings: OutboxSettings,
    spool: { readonly spool: Spool; readonly mode: SpoolMode } | null,
    drop: (reason: DropReason, records: readonly UsageRecord[], error: Error | null) => void,
    relinquish: () => UsageRecord | null,
  ) {
    this.#settings = settings;
    this.#queue = new RecordQueue(settings);
    this.#spool = spool?.spool ?? null;
    this.#mode = spool?.mode ?? 'overflow';
    this.#drop = drop;
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

  /** Whether records go where they go only in need, or would if they could: to disk instead of into the queue. */
  get isStrained(): boolean {
    return this.#spool !== null && (this.#spool.hasFailed || (this.#mode === 'overflow' && this.spooled > 0));
  }

  /** Records that can be taken, or read to be taken. */
  get takeable(): number {
    const isAtHand = this.#spool?.isReadable === true && !this.#spool.isReading;
    return this.#queue.length + (isAtHand ? this.spooled : 0);
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
    return earliest(this.#queue.peek()?.date.getTime() ?? null, this.#spool?.oldestMs ?? null);
  }

  /** Takes a record in, or drops it, or another for it. */
  push(record: UsageRecord, bytes: number): void {
    if (bytes > this.#settings.maxBytes) this.#drop('too-large', [record], null);
    else if (this.#mode === 'wal' && this.#append(record, bytes)) return;
    else if (this.#queue.push(record, bytes, this.#held)) return;
    else if (this.#spool !== null) this.#pushToSpool(record, bytes, this.#spool);
    else if (this.#settings.overflow === 'drop-oldest') this.#pushOut(record, bytes);
    else this.#drop('queue-full', [record], null);
  }

  /**
   * Takes in again what the spool did not write.
   *
   * @param error - why it could not; null if it had no room
   */
  takeBack(
    records: readonly UsageRecord[],
    bytes: (record: UsageRecord) => number,
    error: Error | null,
  ): void {
    const left = records.filter((record) => !this.#queue.push(record, bytes(record), this.#held));
    if (left.length > 0) this.#drop(error === null ? 'spool-full' : 'spool-error', left, error);
  }

  /**
   * Takes the oldest records, from memory and from disk in turn, so that neither waits for the other to be empty. Nor does it wait
   * for the disk: what has to be read first is there the next time.
   */
  take(maxRecords: number, maxBytes: number): OutBatch | Promise<OutBatch | null> | null {
    const spool = this.#spool;
    const isSpoolsTurn = this.spooled > 0 && (this.#queue.length === 0 || !this.#tookFromSpool);
    this.#tookFromSpool = isSpoolsTurn && spool?.isReady === true;
    if (spool === null || !isSpoolsTurn) return this.#takeQueued(maxRecords, maxBytes);
    if (spool.isReady) return spool.take(maxRecords, maxBytes);
    void spool.read();
    return this.#takeQueued(maxRecords, maxBytes);
  }

  /** Moves to disk what waits in memory and the storage is not working on, as far as there is room. */
  spool(bytes: (record: UsageRecord) => number): void {
    if (this.#spool === null || this.#spool.isFailing) return;
    const taken: UsageRecord[] = [];
    for (let next = this.#relinquish(); next !== null; next = this.#relinquish()) taken.push(next);
    this.takeBack(this.#moveToDisk(taken, bytes), bytes, null);
  }

  /** Waits until what has to be on disk is there. */
  async written(): Promise<void> {
    await this.#spool?.written();
  }

  /**
   * Moves what is in memory to disk, if there is a spool, and drops what it has no room for.
   *
   * @param taken - records that were taken from memory and are not settled
   */
  async rescue(
    taken: readonly UsageRecord[],
    bytes: (record: UsageRecord) => number,
    error: Error | null,
  ): Promise<void> {
    const lost = this.#moveToDisk(taken, bytes);
    this.#held = { records: 0, bytes: 0 };
    if (lost.length > 0) this.#drop('shutdown-timeout', lost, error);
    await this.#spool?.close();
  }

  /** Drops what could not be moved to disk, or not in time. */
  abandon(error: Error | null): void {
    const late = [...(this.#spool?.takePending() ?? []), ...this.#queue.take(Infinity, Infinity).records];
    if (late.length > 0) this.#drop('shutdown-timeout', late, error);
  }

  /** @returns what there is no room for */
  #moveToDisk(taken: readonly UsageRecord[], bytes: (record: UsageRecord) => number): UsageRecord[] {
    const waiting = [...taken, ...this.#queue.take(Infinity, Infinity).records];
    return waiting.filter((record) => !this.#append(record, bytes(record)));
  }

  #append(record: UsageRecord, bytes: number): boolean {
    if (this.#spool === null || this.#spool.isFailing || !this.#spool.hasRoom(bytes)) return false;
    this.#spool.append(record, bytes);
    return true;
  }

  #pushToSpool(record: UsageRecord, bytes: number, spool: Spool): void {
    if (this.#mode === 'overflow' && this.#append(record, bytes)) return;
    this.#drop(spool.isFailing ? 'spool-error' : 'spool-full', [record], null);
  }

  /** Drops the oldest records until there is room. What the storage is working on cannot make room. */
  #pushOut(record: UsageRecord, bytes: number): void {
    const dropped: UsageRecord[] = [];
    while (!this.#queue.push(record, bytes, this.#held)) {
      const oldest = this.#relinquish() ?? this.#queue.take(1, Infinity).records[0];
      dropped.push(oldest ?? record);
      if (oldest === undefined) break;
    }
    this.#drop('queue-full', dropped, null);
  }

  #takeQueued(maxRecords: number, maxBytes: number): OutBatch | null {
    const { records, sizes } = this.#queue.take(maxRecords, maxBytes);
    if (records.length === 0) return null;
    this.#held = loadOf(sizes);
    let settled = 0;
    const settle = (count: number): void => {
      const { records: heldRecords, bytes } = loadOf(sizes.slice(settled, settled + count));
      settled += count;
      this.#held = { records: this.#held.records - heldRecords, bytes: this.#held.bytes - bytes };
    };
    return { records, isSpooled: false, settle };
  }
}

function loadOf(sizes: readonly number[]): Load {
  return { records: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
