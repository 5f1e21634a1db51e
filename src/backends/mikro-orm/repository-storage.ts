import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { checkDeletion } from '../../storage/usage-query.js';
import type { SaltStore } from '../../storage/salt-store.js';
import type { ReadableUsageStorage, ServiceBinding, StoreResult } from '../../storage/usage-storage.js';
import type { SaltsInTurn } from './salts-in-turn.js';
import { storageClosed } from './operations.js';
import { UsageRepository } from './usage-repository.js';

/** What a storage on MikroORM is made of. */
interface RepositoryParts {
  readonly name: string;
  readonly repository: UsageRepository;
  readonly salts: SaltsInTurn;
  readonly isReadOnly: boolean;
}

/** What the storages on MikroORM have in common: a repository reads for them, and they close once. */
export abstract class RepositoryStorage implements ReadableUsageStorage {
  /** @inheritdoc */
  readonly name: string;

  /** The repository of the records. */
  readonly reader: UsageRepository;

  /** The repository of the records, which the tracker puts into the container. */
  readonly provides: readonly ServiceBinding[];

  /** @inheritdoc */
  readonly isReadOnly: boolean;

  /** @inheritdoc */
  readonly salts: SaltStore;

  readonly #salts: SaltsInTurn;
  #closing: Promise<void> | null = null;

  protected constructor({ name, repository, salts, isReadOnly }: RepositoryParts) {
    this.name = name;
    this.reader = repository;
    this.provides = [{ id: UsageRepository, value: repository }];
    this.isReadOnly = isReadOnly;
    this.#salts = salts;
    const refuse = (): Promise<never> => Promise.reject(this.#readOnly());
    this.salts = isReadOnly ? { claim: refuse, deleteBefore: refuse } : salts;
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.#assertWritable();
    signal.throwIfAborted();
    return this.write(batch, signal);
  }

  /** @inheritdoc */
  async deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.#assertWritable();
    checkDeletion(date, limit);
    signal.throwIfAborted();
    return this.prune(date, limit, signal);
  }

  /** Closes the connection, if it is the storage's own. */
  async close(): Promise<void> {
    this.#salts.close(this.name);
    await (this.#closing ??= this.disconnect());
  }

  /** Writes a batch, as `store`; the storage is open and the signal not yet aborted. */
  protected abstract write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Deletes old records, as `deleteBefore`; the storage is open and the signal not yet aborted. */
  protected abstract prune(date: Date, limit: number, signal: AbortSignal): Promise<number>;

  /** Gives back what the storage holds open. Called once. */
  protected abstract disconnect(): Promise<void>;

  #assertWritable(): void {
    if (this.isReadOnly) throw this.#readOnly();
    if (this.#closing !== null) throw storageClosed(this.name);
  }

  #readOnly(): TrackUsageError {
    return new TrackUsageError(
      'STORAGE_SETUP',
      `The storage '${this.name}' was opened with readOnly: true, and writes nothing. Open it without that option.`,
    );
  }
}
