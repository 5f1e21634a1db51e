import type { MikroORM } from '@mikro-orm/core';
import type { TrackUsageError } from '../../errors.js';
import { readError } from '../base/database-error.js';
import { assertOpen } from '../base/operations.js';
import { UsageRepository } from '../mikro-orm/usage-repository.js';
import { findDialect } from './dialects.js';
import { convert, isAboutTable } from './errors.js';
import { findUsageTable } from './usage-table.js';

/** What dialects say of a table's rights is about those who write. */
const ADVICE = {
  advice:
    'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage, or have an application ' +
    'make it that writes there; if a right is, grant the user select on the table.',
};

/** The repository on a database of SQL. */
export class SqlUsageRepository extends UsageRepository {
  /** @inheritdoc */
  protected override errorOf(thrown: unknown): TrackUsageError {
    const em = this.getEntityManager();
    assertOpen(em);
    const orm = { em: em as MikroORM['em'], config: em.config };
    const table = findUsageTable(orm);
    const error = convert(orm, thrown);
    const condition = findDialect(em.getDriver(), 'UsageRepository').conditionOf(error, orm, table);
    return readError(error, isAboutTable(condition) ? ADVICE : condition, `table '${table.name}'`);
  }
}
