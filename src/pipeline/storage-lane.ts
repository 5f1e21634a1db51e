import type { Clock, TimerHandle } from '../clock.js';
import { TrackUsageError } from '../errors.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import { type AttemptResult, Attempt } from './attempt.js';
import { type DropReason, type StorageStats, noDrops } from './accounting.js';
import { type BackoffBounds, backoffMs } from './backoff.js';
import type { LaneObserver } from './lane-observer.js';
import { type QueueBounds, RecordQueue } from './record-queue.js';
import { describeError } from './report-log.js';

/** How a lane works. */
export interface LaneSettings {
  readonly clock: Clock;
  readonly queue: QueueBounds;
  readonly batch: { readonly maxRecords: number; readonly maxDelayMs: number };
  readonly retry: BackoffBounds & { readonly attemptTimeoutMs: number };
}

interface Batch {
  readonly records: readonly UsageRecord[];
  readonly bytes: number;
}

/**
 * The way of records into one storage: its queue, the one batch that is under way, the pauses between attempts,
 * and the accounts. Lanes know nothing of each other.
 */
export class StorageLane {
  readonly #storage: UsageStorage;
  readonly #settings: LaneSettings;
  readonly #observer: LaneObserver;
  readonly #queue: RecordQueue;
  readonly #dropped = noDrops();
  #accepted = 0;
  #stored = 0;
  #retries = 0;
  #lastError: Error | null = null;

  /** What was taken from the queue and is not yet settled. */
  #batch: Batch | null = null;
  #attempt: Attempt | null = null;
  #running = false;
  /** Attempts that failed in a row. */
  #failures = 0;
  /** Wakes the lane when a record has waited, or a pause has lasted, long enough. */
  #timer: TimerHandle | null = null;
  /** Whether the timer ends on the next turn. */
  #wakesSoon = false;
  /** Records that were ever queued; their numbers count from here. */
  #queuedEver = 0;
  /** Records up to this number go out also in a batch that is not full. */
  #due = 0;
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(storage: UsageStorage, settings: LaneSettings, observer: LaneObserver) {
    this.#storage = storage;
    this.#settings = settings;
    this.#observer = observer;
    this.#queue = new RecordQueue(settings.queue);
  }

  /** Takes a record. It does no I/O, and never throws. */
  accept(record: UsageRecord, bytes: number): void {
    this.#accepted += 1;
    if (this.#state !== 'open') {
      this.#drop('late', [record], null);
      return;
    }
    const held = { records: this.#batch?.records.length ?? 0, bytes: this.#batch?.bytes ?? 0 };
    const refusal = this.#queue.push(record, bytes, held);
    if (refusal !== null) {
      this.#drop(refusal, [record], null);
      return;
    }
    this.#queuedEver += 1;
    this.#schedule();
  }

  /** Counts a record that was lost before it could be handed over. */
  lose(reason: DropReason, error: Error | null): void {
    this.#accepted += 1;
    this.#dropped[reason] += 1;
    this.#observer.dropped(this.#storage.name, reason, [], error);
  }

  /** Tries to store what is queued now; resolves when it is settled, or when an attempt has failed. */
  flush(): Promise<void> {
    const upTo = this.#queuedEver;
    if (this.#settledEver() >= upTo) return Promise.resolve();
    this.#due = upTo;
    return new Promise((resolve) => {
      this.#waiting.push({ upTo, resolve });
      void this.#run();
    });
  }

  /** Stores what is queued, with as many attempts as the time allows, and drops the rest. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    const deadline = this.#settings.clock.setTimeout(() => this.#giveUp(), timeoutMs, true);
    while (this.#isClosing() && this.#settledEver() < this.#queuedEver) {
      await this.flush();
      if (this.#isHopeless()) break;
      if (this.#isClosing() && this.#failures > 0) await this.#pause();
    }
    this.#settings.clock.clearTimeout(deadline);
    this.#giveUp();
  }

  /** The lane's accounts. */
  stats(): StorageStats {
    const { clock } = this.#settings;
    const held = this.#batch?.records.length ?? 0;
    const oldest = this.#batch?.records[0] ?? this.#queue.peek();
    return {
      name: this.#storage.name,
      accepted: this.#accepted,
      stored: this.#stored,
      queued: this.#queue.length + (this.#attempt === null ? held : 0),
      inFlight: this.#attempt === null ? 0 : held,
      dropped: { ...this.#dropped },
      retries: this.#retries,
      lastError: this.#lastError,
      oldestAgeMs: oldest === undefined ? null : Math.max(0, clock.now() - oldest.date.getTime()),
    };
  }

  #isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** Nothing but a person can help, and nobody will before the time is over. */
  #isHopeless(): boolean {
    return this.#failures > 0 && isSetupError(this.#lastError);
  }

  /** Records that are stored, refused or given up, counted as they were queued. */
  #settledEver(): number {
    return this.#queuedEver - this.#queue.length - (this.#batch?.records.length ?? 0);
  }

  /** Sees to it that the lane wakes when there is something to do. */
  #schedule(): void {
    if (this.#running || this.#state !== 'open') return;
    if (this.#failures > 0) {
      if (this.#timer === null) this.#wakeAfter(this.#backoff(), false);
    } else if (this.#queue.length >= this.#settings.batch.maxRecords) {
      // On the next turn: whoever called may be a response that is about to close.
      if (!this.#wakesSoon) this.#wakeAfter(0, false);
      this.#wakesSoon = true;
    } else if (this.#timer === null && this.#queue.length > 0) {
      this.#wakeAfter(this.#settings.batch.maxDelayMs, true);
    }
  }

  #wakeAfter(delayMs: number, drain: boolean): void {
    this.#stopTimer();
    const wake = (): void => {
      if (drain) this.#due = this.#queuedEver;
      void this.#run();
    };
    this.#timer = this.#settings.clock.setTimeout(wake, delayMs, false);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakesSoon = false;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#stopTimer();
    while (this.#takeBatch() && (await this.#tryBatch())) this.#releaseWaiting();
    this.#running = false;
    this.#releaseWaiting();
    this.#schedule();
  }

  #takeBatch(): boolean {
    if (this.#state === 'closed') return false;
    if (this.#batch !== null) return true;
    const { maxRecords } = this.#settings.batch;
    if (this.#queue.length < maxRecords && this.#settledEver() >= this.#due) return false;
    const batch = this.#queue.take(maxRecords);
    if (batch.records.length === 0) return false;
    this.#batch = batch;
    return true;
  }

  /** Makes one attempt at the batch. It never throws. */
  async #tryBatch(): Promise<boolean> {
    const { clock, retry } = this.#settings;
    const batch = this.#batch as Batch;
    const attempt = new Attempt(this.#storage, batch.records);
    const startedMs = clock.monotonic();
    this.#attempt = attempt;
    try {
      const result = await attempt.run(clock, retry.attemptTimeoutMs);
      if (this.#attempt !== attempt) return false;
      this.#settle(result, clock.monotonic() - startedMs);
      return true;
    } catch (error) {
      if (this.#attempt !== attempt) return false;
      this.#fail(error instanceof Error ? error : new Error(describeError(error)));
      return false;
    }
  }

  /** Books a batch, all of it before anyone is told. */
  #settle({ stored, refused }: AttemptResult, durationMs: number): void {
    const { name } = this.#storage;
    const failures = this.#failures;
    this.#attempt = null;
    this.#batch = null;
    this.#failures = 0;
    this.#stored += stored;
    this.#dropped.refused += refused.length;
    for (const { record, error } of refused) this.#observer.dropped(name, 'refused', [record], error);
    this.#observer.flushed(name, stored, durationMs);
    if (failures > 0) this.#observer.recovered(name, failures);
  }

  #fail(error: Error): void {
    this.#attempt = null;
    this.#failures += 1;
    this.#retries += 1;
    this.#lastError = error;
    this.#observer.failed(this.#storage.name, error, this.#failures);
  }

  #backoff(): number {
    const { retry } = this.#settings;
    return isSetupError(this.#lastError) ? retry.maxDelayMs : backoffMs(retry, this.#failures, Math.random());
  }

  /** Waits for the next attempt while the lane closes, or until it gives up. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ upTo: Infinity, resolve });
      this.#timer = this.#settings.clock.setTimeout(() => this.#releaseWaiting(), this.#backoff(), true);
    });
  }

  /** Ends the lane: what is not settled by now is dropped. */
  #giveUp(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const rest = [...(this.#batch?.records ?? []), ...this.#queue.take(Infinity).records];
    const attempt = this.#attempt;
    this.#batch = null;
    this.#attempt = null;
    attempt?.end(closed(this.#storage.name));
    this.#stopTimer();
    if (rest.length > 0) this.#drop('shutdown-timeout', rest, this.#lastError);
    this.#releaseWaiting();
  }

  #releaseWaiting(): void {
    if (this.#waiting.length === 0) return;
    const settled = this.#settledEver();
    const idle = !this.#running || this.#state === 'closed';
    const released = this.#waiting.filter(({ upTo }) => idle || settled >= upTo);
    this.#waiting = this.#waiting.filter(({ upTo }) => !idle && settled < upTo);
    for (const { resolve } of released) resolve();
  }

  #drop(reason: DropReason, records: readonly UsageRecord[], error: Error | null): void {
    this.#dropped[reason] += records.length;
    this.#observer.dropped(this.#storage.name, reason, records, error);
  }
}

function isSetupError(error: Error | null): boolean {
  return error instanceof TrackUsageError && error.code === 'STORAGE_SETUP';
}

function closed(storage: string): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_CLOSED',
    `The tracker was closed before the storage '${storage}' answered.`,
  );
}
