import type { UsageRecord } from '../../record/usage-record.js';
import { type DropCounts, type DropReason, noDrops } from '../telling/accounting.js';
import type { AttemptResult } from './attempt.js';
import type { LaneObserver } from '../telling/report-lanes.js';
import { toError } from '../telling/report-log.js';
import { isExpired, needsPerson } from '../storage-errors.js';

/** The books of one lane: what was accepted, stored and dropped, and how the attempts went. Others only read its figures. */
export class LaneAccounts {
  /** Records that came in. */
  accepted = 0;
  /** Records that the storage has confirmed. */
  stored = 0;
  /** Attempts that failed. */
  retries = 0;
  /** Attempts that failed in a row, up to now. */
  failures = 0;
  /** The error of the last attempt that failed; null if none has failed. */
  lastError: Error | null = null;
  readonly #storage: string;
  readonly #observer: LaneObserver;
  readonly #dropped = noDrops();

  constructor(storage: string, observer: LaneObserver) {
    this.#storage = storage;
    this.#observer = observer;
  }

  /** Records that will not be stored, by reason. */
  get dropped(): DropCounts {
    return { ...this.#dropped };
  }

  /** Whether the last attempt failed for a reason that only a person can do something about. */
  get needsPerson(): boolean {
    return this.failures > 0 && needsPerson(this.lastError);
  }

  /** Books records that came in. */
  accept(count: number): void {
    this.accepted += count;
  }

  /**
   * Books records that will not be stored.
   *
   * @param count - how many they are, where nobody has the records themselves any more
   */
  drop(
    reason: DropReason,
    records: readonly UsageRecord[],
    error: Error | null,
    count = records.length,
  ): void {
    if (count === 0) return;
    this.#dropped[reason] += count;
    this.#observer.dropped(this.#storage, reason, count, records, error);
  }

  /** Books an attempt that succeeded, all of it before anybody is told. */
  settle({ stored, refused }: AttemptResult, durationMs: number): void {
    const { failures } = this;
    this.failures = 0;
    this.stored += stored;
    for (const { error } of refused) this.#dropped[reasonOf(error)] += 1;
    for (const { record, error } of refused) {
      this.#observer.dropped(this.#storage, reasonOf(error), 1, [record], error);
    }
    if (stored > 0) this.#observer.flushed(this.#storage, stored, durationMs);
    if (failures > 0) this.#observer.recovered(this.#storage, failures);
  }

  /** Books an attempt that failed. */
  fail(thrown: unknown): void {
    const error = toError(thrown);
    this.failures += 1;
    this.retries += 1;
    this.lastError = error;
    this.#observer.failed(this.#storage, error, this.failures);
  }
}

function reasonOf(error: Error): DropReason {
  return isExpired(error) ? 'expired' : 'refused';
}
