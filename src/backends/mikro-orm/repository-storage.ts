import type { ServiceBinding } from '../../storage/usage-storage.js';
import { type MarkedParts, MarkedStorage } from '../base/marked-storage.js';
import { storageClosed } from '../base/operations.js';
import type { SaltsInTurn } from './salts-in-turn.js';
import { UsageRepository } from './usage-repository.js';

/** The parts of a storage on MikroORM. */
interface RepositoryParts extends Pick<MarkedParts, 'name' | 'summaryStore' | 'isReadOnly'> {
  readonly repository: UsageRepository;
  readonly salts: SaltsInTurn;
}

/** A storage on MikroORM: a repository reads for it, and it closes once. */
export abstract class RepositoryStorage extends MarkedStorage<UsageRepository> {
  /** The repository of the records, which the tracker puts into the container. */
  readonly provides: readonly ServiceBinding[];

  /** @inheritdoc */
  readonly salts: SaltsInTurn;

  protected constructor({ repository, salts, ...parts }: RepositoryParts) {
    if (parts.summaryStore !== null) repository.keepSummaries(parts.summaryStore);
    super({ ...parts, reader: repository, primary: repository.fromPrimary() });
    this.provides = [{ id: UsageRepository, value: repository }];
    this.salts = salts;
    if (parts.isReadOnly) salts.close(this.readOnly());
  }

  /** Closes the connection, if it is the storage's own. */
  override async close(): Promise<void> {
    this.salts.close(storageClosed(this.name));
    await super.close();
  }
}
