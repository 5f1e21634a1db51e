import type { EntityRepositoryType } from '@mikro-orm/core';
import type { UsageRow } from '../base/usage-row.js';
import type { UsageRepository } from './usage-repository.js';

/** A stored record, as MikroORM sees it. Its repository is a {@link UsageRepository}. */
export interface UsageEntity extends UsageRow {
  [EntityRepositoryType]?: UsageRepository;
}
