import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { StoreResult } from '../../../storage/usage-storage.js';
import { needsKysely } from '../kysely.js';
import { encode } from '../errors.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { storageError } from './errors.js';
import { type MakeInsert, insertOfArrays, insertOfJson } from './insert-statement.js';
import { KyselyRunner } from './kysely-runner.js';
import { postgresConnection, type StatementRunner } from './native-client.js';
import { PoolRunner } from './pool-runner.js';

/**
 * Writes a batch as one statement, which is a transaction of its own, on a connection that nobody else uses meanwhile: the
 * application's transactions are on others.
 */
export class PostgresWriter implements SqlWriter {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #runner: StatementRunner;
  readonly #makeInsert: MakeInsert;

  constructor(orm: MikroORM, table: UsageTable) {
    const isHooked = needsKysely(orm);
    this.#orm = orm;
    this.#table = table;
    this.#runner = isHooked ? new KyselyRunner(orm) : new PoolRunner(postgresConnection(orm));
    this.#makeInsert = isHooked ? insertOfJson(table) : insertOfArrays(table);
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    try {
      const insert = encode(this.#table.name, () => this.#makeInsert(batch));
      await this.#runner.run(insert, signal);
    } catch (error) {
      throw storageError(error, this.#orm, this.#table);
    }
    return { stored: batch.length, refused: [] };
  }
}
