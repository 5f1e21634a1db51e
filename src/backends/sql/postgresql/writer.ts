import type { MikroORM } from '@mikro-orm/core';
import { createChunkWriter, encodeEach } from '../chunk-writer.js';
import { leaseOf } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { kyselyRunner, needsKysely } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionAt, mayBeEnding } from './errors.js';
import { insertOfArrays, insertOfJson } from './insert-statement.js';
import { type Statement, postgresConnection, runBounded, type NativeClient } from './native-client.js';

/** Records a statement, at most: the client copies all of it in one turn of the event loop. */
const CHUNK_RECORDS = 512;

/**
 * Makes the writer. A chunk is one statement, which is a transaction of its own, on a connection that nobody else uses
 * meanwhile: the application's transactions are on other connections.
 */
export function createPostgresWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const isThroughKysely = needsKysely(orm);
  const beginInsert = isThroughKysely ? insertOfJson(table) : insertOfArrays(table);
  const run = isThroughKysely ? runThroughKysely(orm) : runThroughPool(orm);
  return createChunkWriter(orm, table, {
    conditionOf: conditionAt,
    chunkRecords: CHUNK_RECORDS,
    insert: async (chunk, signal) => {
      const { add, finish, end } = beginInsert();
      const done = await encodeEach(table.name, chunk, signal, add, finish);
      await run(signal, end());
      return done;
    },
  });
}

type Run = (signal: AbortSignal, statement: Statement) => Promise<unknown>;

function runThroughKysely(orm: MikroORM): Run {
  const run = kyselyRunner(orm);
  return (signal, { text, values }) => run(signal, text, values);
}

/** Gives a client back to its pool, or destroys it. */
export function giveBack(client: NativeClient, error: unknown): void {
  client.release(error !== null && mayBeEnding(error));
}

function runThroughPool(orm: MikroORM): Run {
  const lease = leaseOf(async () => (await postgresConnection(orm).getNativeClient()).connect(), giveBack);
  return (signal, statement) => lease(signal, (client) => runBounded(client, statement));
}
