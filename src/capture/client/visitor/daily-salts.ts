import { randomBytes } from 'node:crypto';
import { type BackoffBounds, backoffMs } from '../../../time/backoff.js';
import type { Clock, TimerHandle } from '../../../time/clock.js';
import { orAbort } from '../../../time/or-abort.js';
import { WakeTimer } from '../../../time/wake-timer.js';
import { TrackUsageError } from '../../../errors.js';
import { SaltOfDay } from './salt-of-day.js';

/** Where salts are kept for all processes. */
export interface SaltKeeper {
  /** Keeps the proposal unless the day has a salt already, and returns the salt that is kept. */
  claim(day: string, proposal: string, signal: AbortSignal): Promise<string>;
  /** Deletes the salts of all days before this one. */
  deleteBefore(day: string, signal: AbortSignal): Promise<number>;
}

const DAY_MS = 86_400_000;

/** How long before midnight (UTC) the next day's salt is claimed, so that no record has to wait for it. */
const AHEAD_MS = 600_000;

/** The longest time between two looks at the day: a timer fires late when the machine has slept. */
const LOOK_MS = 600_000;

/** How long a call of the keeper may take, in milliseconds. */
const CALL_MS = 5000;

/** The pauses between claims, and between deletions. */
const CLAIM_PAUSES: BackoffBounds = { minDelayMs: 100, maxDelayMs: 30_000 };
const DELETE_PAUSES: BackoffBounds = { minDelayMs: 1000, maxDelayMs: 300_000 };

/** Gives this process salts of its own, where no storage keeps salts. */
const OWN_KEEPER: SaltKeeper = {
  claim: (_day, proposal) => Promise.resolve(proposal),
  deleteBefore: () => Promise.resolve(0),
};

/**
 * The salts of today, of yesterday, which slow requests may still need, and shortly before midnight of
 * tomorrow. When a day begins, older salts are deleted where they are kept, and wiped from memory: no salt
 * lives longer than 48 hours. Plausible does so too (plausible.io/data-policy: a salt a day, deleted after 48
 * hours), but from the moment when a process starts, and not by the day (UTC) of all processes.
 */
export class DailySalts {
  readonly #clock: Clock;
  readonly #fault: (error: Error) => void;
  readonly #salts = new Map<number, SaltOfDay>();
  /** The timers of pauses. */
  readonly #pauses = new Set<TimerHandle>();
  readonly #calls = new Set<AbortController>();
  #keeper: SaltKeeper | null = null;
  /** The timer of the next look at the day. */
  readonly #look: WakeTimer;
  /** The day when salts were last deleted, or are being deleted. */
  #deletedOn = -Infinity;
  #isClosed = false;

  /** @param fault - told of failures, without any salt; it never throws */
  constructor(clock: Clock, fault: (error: Error) => void) {
    this.#clock = clock;
    this.#look = new WakeTimer(clock);
    this.#fault = fault;
  }

  /**
   * Begins to ask for salts.
   *
   * @param keeper - where salts are kept for all processes; null if this process has its own
   */
  open(keeper: SaltKeeper | null): void {
    if (this.#isClosed || this.#keeper !== null) return;
    this.#keeper = keeper ?? OWN_KEEPER;
    this.#lookAtDay();
  }

  /**
   * The salt of the day of a moment.
   *
   * @param atMs - in milliseconds since 1970-01-01T00:00:00Z
   * @returns null if no salt will come soon, a promise if one may; the promise never rejects
   */
  find(atMs: number): Buffer | null | Promise<Buffer | null> {
    const day = dayOf(atMs);
    let salt = this.#salts.get(day);
    if (salt === undefined && day === this.#today()) {
      this.#lookAtDay();
      salt = this.#salts.get(day);
    }
    return salt?.get() ?? null;
  }

  /** Wipes all salts from memory, and claims no others. The salts of a storage stay there. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.abort(new Error('the tracker was closed'));
    this.#look.stop();
    for (const timer of this.#pauses) this.#clock.clearTimeout(timer);
    this.#forgetBefore(Infinity);
  }

  #today(): number {
    return dayOf(this.#clock.now());
  }

  /** Claims the salts for today and soon, forgets those of past days, and sets the timer of the next look. */
  #lookAtDay(): void {
    if (this.#isClosed || this.#keeper === null) return;
    const nowMs = this.#clock.now();
    const today = dayOf(nowMs);
    const leftMs = (today + 1) * DAY_MS - nowMs;
    this.#forgetBefore(today - 1);
    this.#want(today);
    if (leftMs <= AHEAD_MS) this.#want(today + 1);
    if (this.#deletedOn < today) void this.#deleteBefore(today);
    const nextMs = Math.min(LOOK_MS, leftMs > AHEAD_MS ? leftMs - AHEAD_MS : leftMs);
    this.#look.after(Math.max(1, nextMs), false, () => this.#lookAtDay());
  }

  #forgetBefore(day: number): void {
    for (const [known, salt] of this.#salts) {
      if (known >= day) continue;
      this.#salts.delete(known);
      salt.wipe();
    }
  }

  #want(day: number): void {
    if (this.#salts.has(day)) return;
    const salt = new SaltOfDay();
    this.#salts.set(day, salt);
    void this.#claim(day, salt);
  }

  /** Claims the salt until the keeper answers, or the day is over. */
  async #claim(day: number, salt: SaltOfDay): Promise<void> {
    const proposal = randomBytes(32).toString('hex');
    while (!salt.isWiped) {
      try {
        salt.set(await this.#call((keeper, signal) => keeper.claim(textOf(day), proposal, signal)));
        return;
      } catch (error) {
        salt.failures += 1;
        this.#failed('The salt of a day cannot be had', error, proposal);
        await this.#pause(CLAIM_PAUSES, salt.failures);
      }
    }
  }

  /** Deletes old salts until the keeper answers, or until the next day, which deletes by itself. */
  async #deleteBefore(today: number): Promise<void> {
    this.#deletedOn = today;
    for (let failures = 1; this.#deletedOn === today && !this.#isClosed; failures += 1) {
      try {
        await this.#call((keeper, signal) => keeper.deleteBefore(textOf(today - 1), signal));
        return;
      } catch (error) {
        this.#failed('Old salts cannot be deleted', error, '');
        await this.#pause(DELETE_PAUSES, failures);
      }
    }
  }

  /** Calls the keeper, within `CALL_MS`. A keeper from outside may throw, hang, and block. */
  async #call<Value>(ask: (keeper: SaltKeeper, signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const call = new AbortController();
    const giveUp = (): void => call.abort(new Error(`the storage took longer than ${CALL_MS} ms`));
    this.#calls.add(call);
    const timer = this.#clock.setTimeout(giveUp, CALL_MS, false);
    try {
      // The call must not block the request that came first.
      await Promise.resolve();
      return await orAbort(ask(this.#keeper ?? OWN_KEEPER, call.signal), call.signal);
    } finally {
      this.#clock.clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  async #pause(bounds: BackoffBounds, failures: number): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimeout(resolve, backoffMs(bounds, failures, Math.random()), false);
    this.#pauses.add(timer);
    await promise;
    this.#pauses.delete(timer);
  }

  #failed(what: string, error: unknown, salt: string): void {
    if (!this.#isClosed) this.#fault(new Error(`${what}: ${describe(error, salt)}`));
  }
}

/** The day of a moment, in days since 1970-01-01. */
function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

function textOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** An error in words, without the salt. */
function describe(error: unknown, salt: string): string {
  try {
    const code = error instanceof TrackUsageError ? `${error.code}: ` : '';
    const text = code + (error instanceof Error ? error.message : String(error));
    return salt === '' ? text : text.replaceAll(salt, '…');
  } catch {
    return 'an error that cannot be shown';
  }
}
