import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { StoreResult } from '../../../storage/usage-storage.js';
import { writeError } from '../../mikro-orm/database-error.js';
import { ConnectionLease } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { encode } from '../errors.js';
import { needsKysely } from '../kysely.js';
import { KyselyRunner } from '../kysely-runner.js';
import type { UsageTable } from '../usage-table.js';
import { conditionAt, mayBeEnding } from './errors.js';
import { type MakeInsert, insertOfArrays, insertOfJson } from './insert-statement.js';
import { type NativeClient, type Statement, postgresConnection, runBounded } from './native-client.js';

/**
 * Writes a batch as one statement, which is a transaction of its own, on a connection that nobody else uses meanwhile: the
 * application's transactions are on others.
 */
export class PostgresWriter implements SqlWriter {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #run: (statement: Statement, signal: AbortSignal) => Promise<void>;
  readonly #makeInsert: MakeInsert;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#orm = orm;
    this.#table = table;
    if (needsKysely(orm)) {
      const kysely = new KyselyRunner(orm);
      this.#run = ({ text, values }, signal) => kysely.run(text, values, signal);
      this.#makeInsert = insertOfJson(table);
    } else {
      const lease = new ConnectionLease(() => takeClient(orm), giveBack);
      this.#run = (statement, signal) => lease.use(signal, (client) => runBounded(client, statement));
      this.#makeInsert = insertOfArrays(table);
    }
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    try {
      const insert = encode(this.#table.name, () => this.#makeInsert(batch));
      await this.#run(insert, signal);
    } catch (error) {
      throw writeError(error, conditionAt(error, this.#orm, this.#table), `table '${this.#table.name}'`);
    }
    return { stored: batch.length, refused: [] };
  }
}

async function takeClient(orm: MikroORM): Promise<NativeClient> {
  const pool = await postgresConnection(orm).getNativeClient();
  return pool.connect();
}

function giveBack(client: NativeClient, error: unknown): void {
  client.release(error !== null && mayBeEnding(error));
}
