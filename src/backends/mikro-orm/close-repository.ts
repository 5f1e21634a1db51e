import { storageClosed } from '../base/operations.js';
import type { UsageRepository } from './usage-repository.js';

/**
 * Has a repository throw `STORAGE_CLOSED` from now on: all its methods ask for the entity manager first. A controller may
 * outlive the storage whose repository it was given, and MikroORM would open the connection again, which nobody would close.
 *
 * @param storage - the name of the storage that owned the connection
 */
export function closeRepository(repository: UsageRepository, storage: string): void {
  repository.getEntityManager = () => {
    throw storageClosed(storage);
  };
}
