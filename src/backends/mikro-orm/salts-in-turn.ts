import { TrackUsageError } from '../../errors.js';
import type { SaltStore } from '../../storage/salt-store.js';
import { Mutex } from '../base/mutex.js';
import { Operations } from '../base/operations.js';

/**
 * The salts of a storage until it closes. One statement is under way at a time, so that a server that hangs costs one
 * connection however often it is asked. Errors hold no salt.
 */
export class SaltsInTurn implements SaltStore {
  readonly #salts: SaltStore;
  readonly #operations: Operations;
  readonly #mutex = new Mutex();

  /** @param assertPossible - throws where no statement may begin. @default one may always */
  constructor(salts: SaltStore, assertPossible?: () => void) {
    this.#salts = salts;
    this.#operations = new Operations(assertPossible);
  }

  /** @inheritdoc */
  async claim(day: string, proposal: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.#inTurn(signal, (limit) => this.#salts.claim(day, proposal, limit));
    } catch (error) {
      throw withoutSalt(error, proposal);
    }
  }

  /** @inheritdoc */
  deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    return this.#inTurn(signal, (limit) => this.#salts.deleteBefore(day, limit));
  }

  /** Rejects the calls under way and all further ones with the reason. */
  close(reason: Error): void {
    this.#operations.close(reason);
  }

  /** Waits for the end of the statement under way. */
  idle(): Promise<void> {
    return this.#mutex.idle();
  }

  #inTurn<Value>(signal: AbortSignal, action: (limit: AbortSignal) => Promise<Value>): Promise<Value> {
    return this.#operations.run(signal, (limit) => this.#mutex.run(limit, () => action(limit)));
  }
}

/** A driver's error may hold the statement with its values, so it does not go along as the cause. */
function withoutSalt(error: unknown, proposal: string): unknown {
  if (!(error instanceof Error)) return new Error('The salt of a day cannot be kept.');
  const message = error.message.replaceAll(proposal, '…');
  return error instanceof TrackUsageError ? new TrackUsageError(error.code, message) : new Error(message);
}
