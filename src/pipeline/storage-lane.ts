import { estimateRecordBytes } from '../record/record-size.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import type { DropReason, StorageStats } from './accounting.js';
import { Attempt } from './attempt.js';
import { backoffMs } from './backoff.js';
import { LaneAccounts } from './lane-accounts.js';
import type { LaneObserver } from './lane-observer.js';
import type { LaneSettings } from './lane-settings.js';
import { Outbox } from './outbox.js';
import { Parcel } from './parcel.js';
import type { SpoolSettings } from './spool/spool-contract.js';
import { Spool } from './spool/spool.js';
import { closedTooSoon, isRefusedBatch } from './storage-errors.js';
import { Waiters } from './waiters.js';
import { WakeTimer } from './wake-timer.js';
import { within } from './within.js';

/**
 * The way of records into one storage: where they wait, the one batch that is under way, and the pauses between
 * attempts. Lanes know nothing of each other.
 */
export class StorageLane {
  readonly #storage: UsageStorage;
  readonly #settings: LaneSettings;
  readonly #accounts: LaneAccounts;
  readonly #outbox: Outbox;
  readonly #timer: WakeTimer;
  /** What was taken and is not yet settled. */
  #parcel: Parcel | null = null;
  #attempt: Attempt | null = null;
  #running = false;
  /** Records go out also in a batch that is not full, until so many have been settled. */
  #due = 0;
  readonly #waiters = new Waiters();
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** One function for every record, as each may set the timer. */
  readonly #wake = (): void => void this.#run();

  constructor(storage: UsageStorage, settings: LaneSettings, observer: LaneObserver) {
    this.#storage = storage;
    this.#settings = settings;
    this.#accounts = new LaneAccounts(storage.name, observer);
    this.#timer = new WakeTimer(settings.clock);
    const { spool } = settings;
    this.#outbox = new Outbox(
      settings.queue,
      spool === null ? null : { spool: this.#makeSpool(spool, observer), mode: spool.mode },
      (reason, records, error) => this.#accounts.drop(reason, records, error),
    );
  }

  /** Takes a record. It does no I/O, and never throws. */
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
    this.#accounts.lose(reason, 1, error);
  }

  /** Tries to store what waits now; resolves when so many are settled, or when an attempt has failed. */
  async flush(): Promise<void> {
    const upTo = this.#accounts.accepted;
    await this.#outbox.written();
    if (this.#settled() >= upTo || this.#state === 'closed') return;
    this.#due = Math.max(this.#due, upTo);
    const settled = this.#waiters.wait(upTo);
    void this.#run();
    await settled;
  }

  /** Stores what waits, with as many attempts as the time allows. What is left is for {@link finish}. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    const { clock } = this.#settings;
    this.#state = 'closing';
    const late = Promise.withResolvers<void>();
    void late.promise.then(() => this.#stop());
    const deadline = clock.setTimeout(late.resolve, timeoutMs, true);
    while (this.#isClosing() && this.#settled() < this.#accounts.accepted) {
      // A flush waits for the disk as well, which may not answer either.
      await Promise.race([this.flush(), late.promise]);
      if (this.#accounts.needsPerson) break;
      if (this.#isClosing() && this.#accounts.failures > 0) await this.#pause();
    }
    clock.clearTimeout(deadline);
    this.#stop();
  }

  /** Moves what is left to the spool, or drops it. */
  async finish(graceMs: number): Promise<void> {
    const { lastError } = this.#accounts;
    const taken = this.#parcel?.isSpooled === false ? this.#parcel.records : [];
    this.#parcel = null;
    const rescue = this.#outbox.rescue(taken, estimateRecordBytes, lastError);
    await within(this.#settings.clock, graceMs, rescue);
    this.#outbox.abandon(lastError);
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#accounts.failures > 0;
  }

  /** The lane's accounts. */
  stats(): StorageStats {
    const { accepted, stored, dropped, retries, failures, lastError } = this.#accounts;
    const inFlight = this.#attempt === null ? 0 : (this.#parcel?.piece.length ?? 0);
    const isSpooled = this.#parcel?.isSpooled === true;
    const oldestMs = this.#parcel?.oldestMs ?? this.#outbox.oldestMs;
    return {
      name: this.#storage.name,
      accepted,
      stored,
      queued: this.#outbox.queued + (isSpooled ? 0 : (this.#parcel?.length ?? 0) - inFlight),
      inFlight,
      spooled: this.#outbox.spooled - (isSpooled ? inFlight : 0),
      dropped,
      retries,
      failures,
      lastError,
      oldestAgeMs: oldestMs === null ? null : Math.max(0, this.#settings.clock.now() - oldestMs),
    };
  }

  #makeSpool(settings: SpoolSettings, observer: LaneObserver): Spool {
    return new Spool(settings, this.#settings.clock, {
      returned: (records, error) => {
        observer.failed(`${this.#storage.name} (spool)`, error, 1);
        this.#outbox.takeBack(records, estimateRecordBytes, error);
        this.#schedule();
      },
      lost: (reason, count, error) => this.#accounts.lose(reason, count, error),
      adopted: (count) => this.#accounts.accept(count),
      ready: () => this.#schedule(),
    });
  }

  #isClosing(): boolean {
    return this.#state === 'closing';
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Records that are neither stored nor dropped. */
  #open(): number {
    const inMemory = this.#parcel?.isSpooled === false ? this.#parcel.length : 0;
    return this.#outbox.queued + this.#outbox.spooled + inMemory;
  }

  /** Records that are stored or dropped. */
  #settled(): number {
    return this.#accounts.accepted - this.#open();
  }

  /** Sees to it that the lane wakes when there is something to do. */
  #schedule(): void {
    const open = this.#open();
    if (this.#running || this.#state !== 'open' || open === 0) return;
    if (this.#accounts.failures > 0) {
      if (!this.#timer.isSet) this.#timer.after(this.#backoff(), false, this.#wake);
    } else if (open >= this.#settings.batch.maxRecords) {
      // Not at once: whoever called may be a response that is about to close.
      this.#timer.soon(this.#wake);
    } else if (!this.#timer.isSet) {
      this.#timer.after(this.#settings.batch.maxDelayMs, false, () => {
        this.#due = this.#accounts.accepted;
        this.#wake();
      });
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#timer.stop();
    // Nothing comes between the question whether something is due and `#running`: a flush in there would wait for a
    // run that does not know of it.
    while (this.#isDue() && (await this.#takeParcel()) && (await this.#tryParcel())) this.#releaseWaiting();
    this.#running = false;
    this.#releaseWaiting();
    this.#schedule();
  }

  /** Whether there is something to store now. */
  #isDue(): boolean {
    if (this.#isClosed()) return false;
    if (this.#parcel !== null) return true;
    return this.#open() >= this.#settings.batch.maxRecords || this.#settled() < this.#due;
  }

  /** Takes what is stored next. It never throws. */
  async #takeParcel(): Promise<boolean> {
    const { maxRecords, maxBytes } = this.#settings.batch;
    if (this.#parcel !== null) return true;
    try {
      const taken = this.#outbox.take(maxRecords, maxBytes);
      const batch = taken instanceof Promise ? await taken : taken;
      if (batch === null || this.#isClosed()) return false;
      this.#parcel = new Parcel(batch);
      return true;
    } catch (error) {
      this.#accounts.fail(error);
      return false;
    }
  }

  /** Makes one attempt at the first piece of the parcel. It never throws. */
  async #tryParcel(): Promise<boolean> {
    const { clock, retry } = this.#settings;
    const parcel = this.#parcel as Parcel;
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

  #backoff(): number {
    const { retry } = this.#settings;
    return this.#accounts.needsPerson
      ? retry.maxDelayMs
      : backoffMs(retry, this.#accounts.failures, Math.random());
  }

  /** Waits for the next attempt while the lane closes, or until it stops. */
  #pause(): Promise<void> {
    this.#timer.after(this.#backoff(), true, () => this.#releaseWaiting());
    return this.#waiters.wait(Infinity);
  }

  /** Ends the attempts. */
  #stop(): void {
    if (this.#isClosed()) return;
    this.#state = 'closed';
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.end(closedTooSoon(this.#storage.name));
    this.#timer.stop();
    this.#releaseWaiting();
  }

  #releaseWaiting(): void {
    const isIdle = !this.#running || this.#isClosed();
    this.#waiters.release(isIdle ? Infinity : this.#settled());
  }
}
