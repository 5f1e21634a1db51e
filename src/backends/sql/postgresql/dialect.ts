import type { MikroORM } from '@mikro-orm/core';
import { BasePostgreSqlPlatform } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import type { SqlDialect } from '../dialect.js';
import { PortableDeleter } from '../portable/deleter.js';
import { KyselySalts } from '../kysely-salts.js';
import { adviceFor, isSetup, stateOf } from './errors.js';
import { postgresConnection } from './native-client.js';
import { PostgresWriter } from './writer.js';
import { messageOf } from '../../mikro-orm/message-of.js';

/** How long a connection of our own may take to make, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** PostgreSQL cuts names to 63 bytes in silence, and the table of salts has `_salt` behind its own. */
const MAX_NAME_BYTES = 58;

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
  aroundTable: async (orm, prepare) => {
    await checkEncoding(orm);
    await prepare();
  },
  // Where no schema is given, the server's search_path decides, as it does for reading.
  locateSql: (name, schema) =>
    'select c.relname as table_name, n.nspname as schema_name from pg_class c join pg_namespace n on n.oid = c.relnamespace ' +
    `where c.relname = ${name} and c.relkind in ('r', 'p') and ` +
    (schema === null ? 'pg_table_is_visible(c.oid)' : `n.nspname = ${schema}`),
  advise: adviceFor,
  createWriter: (orm, table) => new PostgresWriter(orm, table),
  createDeleter: (orm, table) => new PortableDeleter(orm, table),
  createSalts: (orm, table) => new KyselySalts(orm, table, isSetup),
  explainConnect: (target, error) =>
    `the PostgreSQL database ${target} cannot be opened: ${messageOf(error)}. ${advice(error)}`,
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

function advice(error: unknown): string {
  const state = stateOf(error);
  if (state === '3D000') return "Make the database first, or check the option 'dbName'.";
  if (state.startsWith('28') || isAboutPassword(error))
    return "Check the options 'user' and 'password', and that pg_hba.conf lets them in.";
  if (state.startsWith('53'))
    return 'The server has no connection left: try again, or raise max_connections.';
  if (state !== '') return 'Try again when the server is ready.';
  return "Check that the server runs and can be reached from here, and the options 'host' and 'port'.";
}

/** pg itself notices that a password is missing, and that the server does not know it. */
function isAboutPassword(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('SASL: ');
}
