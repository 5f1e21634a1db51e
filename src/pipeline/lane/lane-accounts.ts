import type { UsageRecord } from '../../record/usage-record.js';
import { type DropCounts, type DropReason, noDrops } from '../telling/accounting.js';
import type { AttemptResult } from './attempt.js';
import type { LaneObserver } from '../telling/lane-observer.js';
import { toError } from '../telling/report-log.js';
import { needsPerson } from '../storage-errors.js';

/** The books of one lane: what was accepted, stored and dropped, and how the attempts went. */
export class LaneAccounts {
  readonly #storage: string;
  readonly #observer: LaneObserver;
  readonly #dropped = noDrops();
  #accepted = 0;
  #stored = 0;
  #retries = 0;
  #failures = 0;
  #lastError: Error | null = null;

  constructor(storage: string, observer: LaneObserver) {
    this.#storage = storage;
    this.#observer = observer;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get stored(): number {
    return this.#stored;
  }

  get dropped(): DropCounts {
    return { ...this.#dropped };
  }

  /** Attempts that failed. */
  get retries(): number {
    return this.#retries;
  }

  /** Attempts that failed in a row, up to now. */
  get failures(): number {
    return this.#failures;
  }

  get lastError(): Error | null {
    return this.#lastError;
  }

  /** Whether the last attempt failed for a reason that only a person can do something about. */
  get needsPerson(): boolean {
    return this.#failures > 0 && needsPerson(this.#lastError);
  }

  /** Books records that came in. */
  accept(count: number): void {
    this.#accepted += count;
  }

  /** Books records that will not be stored. */
  drop(reason: DropReason, records: readonly UsageRecord[], error: Error | null): void {
    if (records.length > 0) this.#drop(reason, records.length, records, error);
  }

  /** Books records that will not be stored, and that nobody has any more. */
  lose(reason: DropReason, count: number, error: Error | null): void {
    this.#drop(reason, count, [], error);
  }

  /** Books an attempt that succeeded, all of it before anyone is told. */
  settle({ stored, refused }: AttemptResult, durationMs: number): void {
    const failures = this.#failures;
    this.#failures = 0;
    this.#stored += stored;
    this.#dropped.refused += refused.length;
    for (const { record, error } of refused) {
      this.#observer.dropped(this.#storage, 'refused', 1, [record], error);
    }
    if (stored > 0) this.#observer.flushed(this.#storage, stored, durationMs);
    if (failures > 0) this.#observer.recovered(this.#storage, failures);
  }

  /** Books an attempt that failed. */
  fail(thrown: unknown): void {
    const error = toError(thrown);
    this.#failures += 1;
    this.#retries += 1;
    this.#lastError = error;
    this.#observer.failed(this.#storage, error, this.#failures);
  }

  #drop(reason: DropReason, count: number, records: readonly UsageRecord[], error: Error | null): void {
    this.#dropped[reason] += count;
    this.#observer.dropped(this.#storage, reason, count, records, error);
  }
}
