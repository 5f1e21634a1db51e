import type { MikroORM } from '@mikro-orm/core';
import { BasePostgreSqlPlatform } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import type { SqlDialect } from '../dialect.js';
import { cannotOpen } from '../errors.js';
import { isReadyMade } from '../kysely.js';
import { conditionAt, conditionOf } from './errors.js';
import { withIndexes } from './indexes.js';
import { MonthPartitions, isInRangesOfIds } from './month-partitions.js';
import { postgresConnection } from './native-client.js';
import { PartitionDropper } from './partition-dropper.js';
import { runOnPostgres } from './run-statement.js';
import { PostgresSumming } from './summing.js';
import { createPostgresWriter } from './writer.js';

/** How long a connection of our own may take to make, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** PostgreSQL cuts names to 63 bytes in silence, and the table of summaries has an index with `_summary_span` behind its own. */
const MAX_NAME_BYTES = 50;

/** PostgreSQL, by pg. */
export const postgresqlDialect: SqlDialect = {
  name: 'postgresql',
  isEmbedded: false,
  reservedNames: {
    pattern: { test: (name) => Buffer.byteLength(name) > MAX_NAME_BYTES },
    expected: `has at most ${MAX_NAME_BYTES} bytes`,
  },
  connectionOptions: {
    driverOptions: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'koa-track-usage',
    },
  },
  matches: (driver) => driver.getPlatform() instanceof BasePostgreSqlPlatform,
  aroundTable: async (orm, prepare, table) => {
    await checkEncoding(orm);
    // Every table has one index; a client that the user made may have a single connection.
    const hasMore = table.entity.indexes.length > 1 && !isReadyMade(orm.config.get('driverOptions'));
    await (hasMore ? withIndexes(orm, table, prepare) : prepare());
  },
  makeMonths: (orm, table) => new MonthPartitions(orm, table).prepare(),
  isInRangesOfIds,
  // Where no schema is given, the server's search_path decides, as it does for reading.
  locateSql: (name, schema) =>
    'select c.relname as table_name, n.nspname as schema_name from pg_class c join pg_namespace n on n.oid = c.relnamespace ' +
    `where c.relname = ${name} and c.relkind in ('r', 'p') and ` +
    (schema === null ? 'pg_table_is_visible(c.oid)' : `n.nspname = ${schema}`),
  clockSql: 'select extract(epoch from clock_timestamp()) * 1000 as now',
  conditionOf: conditionAt,
  createWriter: createPostgresWriter,
  createRunner: runOnPostgres,
  createDropper: (orm, table) => new PartitionDropper(orm, table),
  createSumming: (table, run) => new PostgresSumming(table, run),
  explainConnect: (target, error) =>
    cannotOpen(
      `the PostgreSQL database ${target}`,
      error,
      conditionOf(error),
      'Check that the server runs, has a connection left and can be reached from here.',
    ),
};

/** @throws {TrackUsageError} `STORAGE_SETUP` if the database does not keep Unicode */
async function checkEncoding(orm: MikroORM): Promise<void> {
  const [row] = await postgresConnection(orm).execute<{ server_encoding: string }[]>('show server_encoding');
  if (row === undefined || row.server_encoding === 'UTF8') return;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The database keeps text as ${row.server_encoding}, and what strangers send does not fit into that. Run: create ` +
      "database … with encoding 'UTF8' template template0;",
  );
}
