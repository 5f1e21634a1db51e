import type { MikroORM } from '@mikro-orm/core';
import { type Insert, createChunkWriter, encodeEach } from '../chunk-writer.js';
import { leaseOf } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { kyselyRunner, needsKysely } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionAt, isOfOtherType } from './errors.js';
import { insertOfArrays, insertOfJson } from './insert-statement.js';
import { MonthPartitions, isInRangesOfIds } from './month-partitions.js';
import { checkId } from './months.js';
import { type Statement, postgresConnection, runBounded } from './native-client.js';
import { giveBack } from './run-statement.js';

/** Records a statement, at most: the client copies all of it in one turn of the event loop. */
const CHUNK_RECORDS = 512;

/**
 * Makes the writer. A chunk is one statement, which is a transaction of its own, on a connection that nobody else uses
 * meanwhile: the application's transactions are on other connections.
 */
export function createPostgresWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const isThroughKysely = needsKysely(orm);
  const begin = isThroughKysely ? insertOfJson : insertOfArrays;
  const run = isThroughKysely ? runThroughKysely(orm) : runThroughPool(orm);
  const months = table.hasMonths ? new MonthPartitions(orm, table) : null;
  const ofText = begin(table, false);
  let current = ofText;
  let isInRanges: boolean | null = null;
  const insert: Insert = async (chunk, signal) => {
    isInRanges ??= await isInRangesOfIds(orm, table, signal);
    const beginInsert = current;
    const { add: addAny, finish, end } = beginInsert();
    const add: typeof addAny = isInRanges ? (record) => (checkId(record), addAny(record)) : addAny;
    const done = await encodeEach(table.name, chunk, signal, add, finish);
    const statement = end();
    try {
      await (months?.around(chunk, signal, () => run(signal, statement)) ?? run(signal, statement));
    } catch (error) {
      // The type of the ids is known to nobody but the server, whoever has made the table.
      if (beginInsert !== ofText || !isOfOtherType(error)) throw error;
      if (current === ofText) current = begin(table, true);
      return insert(chunk, signal);
    }
    return done;
  };
  return createChunkWriter(orm, table, { conditionOf: conditionAt, chunkRecords: CHUNK_RECORDS, insert });
}

type Run = (signal: AbortSignal, statement: Statement) => Promise<unknown>;

function runThroughKysely(orm: MikroORM): Run {
  const run = kyselyRunner(orm);
  return (signal, { text, values }) => run(signal, text, values);
}

function runThroughPool(orm: MikroORM): Run {
  const lease = leaseOf(async () => (await postgresConnection(orm).getNativeClient()).connect(), giveBack);
  return (signal, statement) => lease(signal, (client) => runBounded(client, statement));
}
