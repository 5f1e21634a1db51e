import { type MikroORM, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { convertedWhere } from '../../mikro-orm/converted-where.js';
import { Mutex } from '../../base/mutex.js';
import type { UsageRow } from '../../base/usage-row.js';
import { createChunkWriter } from '../chunk-writer.js';
import type { SqlWriter } from '../dialect.js';
import { convert } from '../errors.js';
import { inTransaction } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/** Records a statement, at most: MikroORM makes all of it in one turn of the event loop. */
const STATEMENT_RECORDS = 8;

/** How often a chunk is tried while other writers keep inserting parts of it. */
const ATTEMPTS = 5;

/**
 * Makes the writer: through MikroORM's driver alone, in any SQL that it speaks. It looks which records are there and inserts
 * the others, in a short transaction of its own on one connection. MikroORM writes the values, as MikroORM reads them. Where a
 * driver has but one connection, a write waits for the application's transaction to end, as every statement of MikroORM does.
 */
export function createPortableWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const mutex = new Mutex();
  return createChunkWriter(orm, table, {
    conditionOf: (error) => conditionOf(convert(orm, error)),
    chunkRecords: CHUNK_RECORDS,
    // One connection at a time, even if a server no longer answers and attempt after attempt is given up.
    insert: (chunk, signal) => mutex.run(signal, () => insertUnknown(orm, table, chunk, signal)),
  });
}

async function insertUnknown(
  orm: MikroORM,
  { entity }: UsageTable,
  chunk: readonly UsageRecord[],
  signal: AbortSignal,
): Promise<number> {
  const records = inOrderOfIds(chunk);
  const driver = orm.em.getDriver();
  const budget = new TurnBudget(1);
  const ids = records.map(({ id }) => id);
  const where = convertedWhere(driver, entity.class, { id: { $in: ids } });
  for (let attempt = 1, knownBefore = -1; ; attempt += 1) {
    let known = 0;
    try {
      await inTransaction(orm, signal, async (ctx) => {
        const options = { fields: ['id'], ctx, connectionType: 'write' } as const;
        const found = await driver.find<UsageRow, never, keyof UsageRow>(entity.class, where, options);
        known = found.length;
        signal.throwIfAborted();
        const there = new Set(found.map(({ id }) => id));
        const rows = records.filter(({ id }) => !there.has(id)).map(rowOf);
        for (let start = 0; start < rows.length; start += STATEMENT_RECORDS) {
          await budget.nextTurn(signal);
          await driver.nativeInsertMany(entity.class, rows.slice(start, start + STATEMENT_RECORDS), { ctx });
        }
      });
      return chunk.length;
    } catch (error) {
      // Another writer may have inserted some of the records meanwhile; if none has, the error is of another constraint.
      const isUnique = convert(orm, error) instanceof UniqueConstraintViolationException;
      if (!isUnique || known === knownBefore || attempt === ATTEMPTS) throw error;
      knownBefore = known;
    }
  }
}

/** Sorts a chunk, each id once: writers take rows in one order, so that no two wait for each other. */
function inOrderOfIds(chunk: readonly UsageRecord[]): UsageRecord[] {
  const sorted = chunk.toSorted((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)));
  return sorted.filter(({ id }, index) => id !== sorted[index - 1]?.id);
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
