import { earliest } from '../../time/clock.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import type { DropReason, StorageStats } from '../telling/accounting.js';
import { backoffMs } from '../../time/backoff.js';
import { Delivery } from './delivery.js';
import { summarizeError } from '../telling/report-log.js';
import { LaneAccounts } from './lane-accounts.js';
import type { LaneObserver } from '../telling/report-lanes.js';
import type { DiskSpool, LaneSettings, OtherSpool } from './lane-settings.js';
import { Outbox } from './outbox.js';
import type { RecordSpool, SpoolObserver } from '../spool/spool-contract.js';
import { Spool } from '../spool/spool.js';
import { Waiters } from '../../time/waiters.js';
import { WakeTimer } from '../../time/wake-timer.js';
import { within } from '../../time/within.js';

/**
 * The way of records into one storage: where they wait, the one batch that is under way, and the pauses between
 * attempts. Lanes know nothing of each other.
 */
export class StorageLane {
  /** Where the records go. */
  readonly storage: UsageStorage;
  readonly #settings: LaneSettings;
  readonly #accounts: LaneAccounts;
  readonly #outbox: Outbox;
  readonly #timer: WakeTimer;
  readonly #delivery: Delivery;
  #running = false;
  /** Whether the lane ran out of records while others are read from disk. */
  #isStarved = false;
  /** Records go out also in a batch that is not full, until so many have been settled. */
  #due = 0;
  readonly #waiters = new Waiters();
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** One function for every record, as each may set the timer. */
  readonly #wake = (): void => void this.#run();
  /** Wakes the lane for all records that wait by now, however few they are. */
  readonly #wakeForAll = (): void => {
    this.#due = this.#accounts.accepted;
    this.#wake();
  };

  constructor(storage: UsageStorage, settings: LaneSettings, observer: LaneObserver) {
    this.storage = storage;
    this.#settings = settings;
    this.#accounts = new LaneAccounts(storage.name, observer);
    this.#timer = new WakeTimer(settings.clock);
    const spool = settings.spool === null ? null : this.#openSpool(settings.spool, observer);
    this.#outbox = new Outbox(settings, spool, this.#accounts, () => this.#delivery.relinquish());
    this.#delivery = new Delivery(storage, settings, this.#outbox, this.#accounts);
  }

  /** Takes a record. Does no I/O, and never throws. */
  accept(record: UsageRecord, bytes: number): void {
    this.#accounts.accept(1);
    if (this.#state !== 'open') {
      this.#accounts.drop('late', [record], null);
      return;
    }
    this.#outbox.push(record, bytes);
    this.#schedule();
  }

  /** Counts a record that was lost before it could be handed over. */
  lose(reason: DropReason, error: Error | null): void {
    this.#accounts.accept(1);
    this.#accounts.drop(reason, [], error, 1);
  }

  /** Tries to store the records that wait now; resolves when they are settled, or when an attempt has failed. */
  async flush(): Promise<void> {
    const upTo = this.#accounts.accepted;
    await this.#outbox.written();
    if (this.#settled() >= upTo || this.#state === 'closed') return;
    this.#due = Math.max(this.#due, upTo);
    const settled = this.#waiters.wait(upTo);
    void this.#run();
    await settled;
  }

  /** Moves the records that wait in memory to disk, as far as there is a spool with room for them. */
  spool(): void {
    this.#outbox.spool();
  }

  /**
   * Stores the records that wait, with as many attempts as the time allows. The others are for {@link finish}, which has half of
   * the time if there are records to be moved to disk.
   */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    const { clock, spool } = this.#settings;
    this.#state = 'closing';
    const timeUp = Promise.withResolvers<void>();
    void timeUp.promise.then(() => this.#stop());
    const deadline = clock.setTimeout(timeUp.resolve, timeoutMs, true);
    const halfTime = clock.setTimeout(
      () => {
        // Moving records to disk takes its time as well.
        if (spool !== null && this.#inMemory() > 0) timeUp.resolve();
      },
      timeoutMs / 2,
      false,
    );
    do {
      // A flush waits also for the disk, which may not answer either.
      await Promise.race([this.flush(), timeUp.promise]);
      if (this.#accounts.needsPerson) break;
      if (this.#isClosing() && this.#accounts.failures > 0) await this.#pause();
    } while (this.#isClosing() && this.#canStore());
    clock.clearTimeout(deadline);
    clock.clearTimeout(halfTime);
    this.#stop();
  }

  /** Moves the records that are left to the spool, or drops them. */
  async finish(graceMs: number): Promise<void> {
    await within(this.#settings.clock, graceMs, this.#outbox.rescue(this.#delivery.relinquishAll()));
    this.#outbox.abandon([]);
  }

  /** Drops the records that are not on disk, at once, and makes no other attempt. */
  abandon(): void {
    this.#stop();
    this.#outbox.abandon(this.#delivery.relinquishAll());
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#accounts.failures > 0;
  }

  /** Whether records wait that would not if all were well. */
  get isDegraded(): boolean {
    return this.isFailing || this.#outbox.isStrained;
  }

  /** The lane's accounts. */
  stats(): StorageStats {
    const { accepted, stored, dropped, retries, failures, lastError } = this.#accounts;
    const { inFlight, spooledInFlight } = this.#delivery;
    const oldestMs = earliest(this.#delivery.oldestMs, this.#outbox.oldestMs);
    return {
      name: this.storage.name,
      accepted,
      stored,
      queued: this.#inMemory() - (inFlight - spooledInFlight),
      inFlight,
      spooled: this.#outbox.spooled - spooledInFlight,
      dropped,
      retries,
      failures,
      lastError: lastError === null ? null : summarizeError(lastError),
      oldestAgeMs: oldestMs === null ? null : Math.max(0, this.#settings.clock.now() - oldestMs),
    };
  }

  #openSpool(settings: DiskSpool | OtherSpool, observer: LaneObserver): RecordSpool {
    const own: SpoolObserver = {
      returned: (records, error) => {
        this.#outbox.takeBack(records, error);
        this.#schedule();
        if (error !== null) observer.spoolFailed(this.storage.name, error);
      },
      lost: (reason, count, error) => this.#accounts.drop(reason, [], error, count),
      adopted: (count) => this.#accounts.accept(count),
      ready: () => (this.#isStarved ? this.#wake() : this.#schedule()),
    };
    return 'open' in settings ? settings.open(own) : new Spool(settings, this.#settings.clock, own);
  }

  /** Whether records are left that can be taken now or soon. */
  #canStore(): boolean {
    return this.#inMemory() + this.#outbox.takeable > 0 || this.#outbox.isReading;
  }

  #isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** Records that are neither stored nor dropped. */
  #open(): number {
    return this.#inMemory() + this.#outbox.spooled;
  }

  #inMemory(): number {
    return this.#outbox.queued + this.#delivery.inMemory;
  }

  /** Records that are stored or dropped. */
  #settled(): number {
    return this.#accounts.accepted - this.#open();
  }

  /** Sees to it that the lane wakes when there is something to do. */
  #schedule(): void {
    if (this.#running || this.#state !== 'open' || this.#open() === 0) return;
    if (this.#accounts.failures > 0) {
      if (!this.#timer.isSet) this.#timer.after(this.#backoff(), false, this.#wakeForAll);
    } else if (this.#isFull()) {
      // Not at once: the caller may be about to make more records.
      this.#timer.soon(this.#wake);
    } else if (!this.#timer.isSet) {
      this.#timer.after(this.#settings.batch.maxDelayMs, false, this.#wakeForAll);
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#isStarved = false;
    this.#timer.stop();
    // Nothing comes between the question whether something is due and `#running`: a flush in there would wait for a
    // run that does not know of it.
    while (this.#isDue() && (await this.#take()) && (await this.#delivery.attempt())) {
      this.#releaseWaiting();
    }
    this.#running = false;
    this.#releaseWaiting();
    this.#schedule();
  }

  async #take(): Promise<boolean> {
    const isTaken = await this.#delivery.take();
    this.#isStarved = !isTaken && this.#outbox.isReading;
    return isTaken;
  }

  /** Whether there is something to store now. */
  #isDue(): boolean {
    if (this.#state === 'closed') return false;
    if (this.#delivery.isUnderWay) return true;
    return this.#isFull() || this.#settled() < this.#due;
  }

  /** Whether so many records wait that they wait no longer: a whole batch, half as many as the queue may hold, or a full spool. */
  #isFull(): boolean {
    const { batch, queue } = this.#settings;
    return (
      this.#delivery.inMemory + this.#outbox.takeable >= Math.min(batch.maxRecords, queue.maxRecords / 2) ||
      this.#outbox.queuedBytes >= Math.min(batch.maxBytes, queue.maxBytes / 2) ||
      this.#outbox.isSpoolFull
    );
  }

  #backoff(): number {
    const { retry } = this.#settings;
    return this.#accounts.needsPerson
      ? retry.maxDelayMs
      : backoffMs(retry, this.#accounts.failures, Math.random());
  }

  /** Waits for the next attempt while the lane closes, or until it stops. */
  #pause(): Promise<void> {
    this.#timer.after(this.#backoff(), true, () => this.#waiters.release(Infinity));
    return this.#waiters.wait(Infinity);
  }

  /** Ends the attempts. */
  #stop(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#delivery.end();
    this.#timer.stop();
    this.#releaseWaiting();
  }

  #releaseWaiting(): void {
    const isIdle = (!this.#running && !this.#isStarved) || this.#state === 'closed';
    this.#waiters.release(isIdle ? Infinity : this.#settled());
  }
}
