import type { UsageRecord } from '../../record/usage-record.js';
import { checkDeletion } from '../../storage/check-deletion.js';
import { type UsagePage, streamUsagePages } from '../../storage/usage-page.js';
import type { SaltStore } from '../../storage/salt-store.js';
import type {
  UsageCountQuery,
  UsagePageQuery,
  UsageQuery,
  UsageStreamQuery,
} from '../../storage/usage-query.js';
import type { ReadableUsageStorage, ServiceBinding, StoreResult } from '../../storage/usage-storage.js';
import type { SaltsInTurn } from './salts-in-turn.js';
import { storageClosed } from './operations.js';
import { UsageRepository, closeRepository } from './usage-repository.js';

/** What the storages on MikroORM have in common: they read through a repository, and close once. */
export abstract class RepositoryStorage implements ReadableUsageStorage {
  /** @inheritdoc */
  readonly name: string;

  /** The repository of the records, which the tracker puts into the container. */
  readonly provides: readonly ServiceBinding[];

  /** @inheritdoc */
  readonly salts: SaltStore;

  readonly #repository: UsageRepository;
  readonly #salts: SaltsInTurn;
  #closing: Promise<void> | null = null;

  protected constructor(name: string, repository: UsageRepository, salts: SaltsInTurn) {
    this.name = name;
    this.#repository = repository;
    this.#salts = salts;
    this.salts = salts;
    this.provides = [{ id: UsageRepository, value: repository }];
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.#assertOpen();
    signal.throwIfAborted();
    return this.write(batch, signal);
  }

  /** @inheritdoc */
  async deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.#assertOpen();
    checkDeletion(date, limit);
    signal.throwIfAborted();
    return this.prune(date, limit, signal);
  }

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    this.#assertOpen();
    return this.#repository.getUsage(query);
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    this.#assertOpen();
    return this.#repository.getUsagePage(query);
  }

  /** @inheritdoc */
  async count(query?: UsageCountQuery): Promise<number> {
    this.#assertOpen();
    return this.#repository.count(query);
  }

  /** @inheritdoc */
  stream(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    this.#assertOpen();
    return streamUsagePages(query, (page) => this.getUsagePage(page));
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

  /** Lets the repository refuse from now on, as its connection is about to be closed. */
  protected closeRepository(): void {
    closeRepository(this.#repository, this.name);
  }

  /** Gives back what the storage holds open. Called once. */
  protected abstract disconnect(): Promise<void>;

  #assertOpen(): void {
    if (this.#closing !== null) throw storageClosed(this.name);
  }
}
