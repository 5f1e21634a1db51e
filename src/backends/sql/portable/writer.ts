import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type IDatabaseDriver,
  type MikroORM,
  type Transaction,
  UniqueConstraintViolationException,
} from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { StoreResult } from '../../../storage/usage-storage.js';
import { databaseConditions } from '../../mikro-orm/database-conditions.js';
import type { UsageRow } from '../../mikro-orm/usage-row.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { writeError } from '../../mikro-orm/database-error.js';
import { convert } from '../errors.js';
import { conditionOf } from './errors.js';
import { Mutex } from '../../mikro-orm/mutex.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/** How often a chunk is tried while other writers keep inserting parts of it. */
const ATTEMPTS = 5;

/**
 * Writes through MikroORM's driver alone, in whatever SQL that speaks: it looks which records are there and inserts the
 * others, in a short transaction of its own on one connection. MikroORM writes the values, so that they read back as
 * it reads them. One write at a time: where a driver has but one connection, a write waits for the application's
 * transaction to end, as every statement of MikroORM does there.
 */
export class PortableWriter implements SqlWriter {
  readonly #driver: IDatabaseDriver;
  readonly #connection: AbstractSqlConnection;
  readonly #table: UsageTable;
  readonly #mutex = new Mutex();

  constructor(orm: MikroORM, table: UsageTable) {
    this.#driver = orm.em.getDriver();
    this.#connection = this.#driver.getConnection('write') as AbstractSqlConnection;
    this.#table = table;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const records = inOrderOfIds(batch);
    try {
      for (let start = 0; start < records.length; start += CHUNK_RECORDS) {
        if (start > 0) await nextTurn();
        // One connection at a time, even if a server no longer answers and attempt after attempt is given up.
        await this.#mutex.run(signal, () =>
          this.#writeChunk(records.slice(start, start + CHUNK_RECORDS), signal),
        );
      }
    } catch (thrown) {
      const error = convert(this.#driver, thrown);
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return { stored: batch.length, refused: [] };
  }

  async #writeChunk(chunk: readonly UsageRecord[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1, knownBefore = -1; ; attempt += 1) {
      let known = 0;
      try {
        // Not MikroORM's own way to begin: where a rollback fails, as on a broken connection, that never gives the
        // connection back to the pool.
        await this.#connection.ensureConnection();
        const begin = this.#connection.getClient().transaction();
        await begin.execute(async (transaction: Transaction) => {
          // It may have been long in coming, and nobody may be waiting any more: it is rolled back.
          signal.throwIfAborted();
          const unknown = await this.#unknownOf(chunk, transaction);
          known = chunk.length - unknown.length;
          signal.throwIfAborted();
          if (unknown.length === 0) return;
          await this.#driver.nativeInsertMany(this.#table.entity.class, unknown.map(rowOf), {
            ctx: transaction,
          });
        });
        return;
      } catch (error) {
        // Somebody may have inserted some of them meanwhile; if nobody has, it is another constraint.
        const isUnique = convert(this.#driver, error) instanceof UniqueConstraintViolationException;
        if (!isUnique || known === knownBefore || attempt === ATTEMPTS) throw error;
        knownBefore = known;
      }
    }
  }

  async #unknownOf(chunk: readonly UsageRecord[], ctx: Transaction): Promise<UsageRecord[]> {
    const ids = chunk.map(({ id }) => id);
    const { entity } = this.#table;
    const found = await this.#driver.find<UsageRow, never, keyof UsageRow>(
      entity.class,
      databaseConditions(this.#driver, entity.class, { id: { $in: ids } }),
      { fields: ['id'], ctx, connectionType: 'write' },
    );
    const known = new Set(found.map(({ id }) => id));
    return chunk.filter(({ id }) => !known.has(id));
  }
}

/** Each id once, and in the same order for all writers, so that none waits for another that waits for it. */
function inOrderOfIds(batch: readonly UsageRecord[]): UsageRecord[] {
  const records = new Map<string, UsageRecord>();
  for (const record of batch) if (!records.has(record.id)) records.set(record.id, record);
  return [...records.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function rowOf({ userAgent, ...fields }: UsageRecord): UsageRow {
  return {
    ...fields,
    uaBrowser: userAgent.browser,
    uaVersion: userAgent.version,
    uaPlatform: userAgent.platform,
    uaLanguage: userAgent.language,
    uaString: userAgent.string,
  };
}
