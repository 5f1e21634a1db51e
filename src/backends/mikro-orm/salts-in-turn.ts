import { TrackUsageError } from '../../errors.js';
import type { SaltStore } from '../../storage/salt-store.js';
import { Mutex } from './mutex.js';
import { Operations, storageClosed } from './operations.js';

/**
 * The salts of a storage, from its opening to its close: one statement at a time, so that a server that hangs costs one
 * connection however often it is asked, and no salt in what is thrown.
 */
export class SaltsInTurn implements SaltStore {
  readonly #salts: SaltStore;
  readonly #operations = new Operations();
  readonly #mutex = new Mutex();

  constructor(salts: SaltStore) {
    this.#salts = salts;
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

  /** Ends what is under way, and begins nothing any more. */
  close(storageName: string): void {
    this.#operations.close(storageClosed(storageName));
  }

  /** Waits for the end of what is under way. */
  async idle(): Promise<void> {
    await this.#mutex.idle();
  }

  #inTurn<Value>(signal: AbortSignal, action: (limit: AbortSignal) => Promise<Value>): Promise<Value> {
    return this.#operations.run(signal, async (limit) => {
      limit.throwIfAborted();
      return this.#mutex.run(limit, () => action(limit));
    });
  }
}

/** What a driver threw may hold the statement with its values: nothing of it goes along as the cause. */
function withoutSalt(error: unknown, proposal: string): unknown {
  if (!(error instanceof Error)) return new Error('The salt of a day cannot be kept.');
  const message = error.message.replaceAll(proposal, '…');
  return error instanceof TrackUsageError ? new TrackUsageError(error.code, message) : new Error(message);
}
