import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { checkDeletion } from '../../storage/usage-query.js';
import type { SaltStore } from '../../storage/salt-store.js';
import type { ReadableUsageStorage, ServiceBinding, StoreResult } from '../../storage/usage-storage.js';
import { storageClosed } from './operations.js';
import type { SaltsInTurn } from './salts-in-turn.js';
import { UsageRepository } from './usage-repository.js';

/** The parts of a storage on MikroORM. */
interface RepositoryParts {
  readonly name: string;
  readonly repository: UsageRepository;
  readonly salts: SaltsInTurn;
  readonly isReadOnly: boolean;
}

/** A storage on MikroORM: a repository reads for it, and it closes once. */
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
    this.salts = salts;
    this.#salts = salts;
    if (isReadOnly) salts.close(this.#readOnly());
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.assertWritable();
    signal.throwIfAborted();
    return this.write(batch, signal);
  }

  /** @inheritdoc */
  async deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.assertWritable();
    checkDeletion(date, limit);
    signal.throwIfAborted();
    return this.prune(date, limit, signal);
  }

  /** Closes the connection, if it is the storage's own. */
  async close(): Promise<void> {
    this.#salts.close(storageClosed(this.name));
    await (this.#closing ??= this.disconnect());
  }

  /** Writes a batch for `store`; the storage is open and the signal not yet aborted. */
  protected abstract write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Deletes old records for `deleteBefore`; the storage is open and the signal not yet aborted. */
  protected abstract prune(date: Date, limit: number, signal: AbortSignal): Promise<number>;

  /** Gives back the storage's own connection, if there is one. Called once. */
  protected async disconnect(): Promise<void> {}

  /** @throws {TrackUsageError} `STORAGE_CLOSED`, or `STORAGE_SETUP` if it was opened for reading only */
  protected assertWritable(): void {
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
