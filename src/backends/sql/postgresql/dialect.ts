import { BasePostgreSqlPlatform } from '@mikro-orm/sql';
import type { SqlDialect } from '../dialect.js';
import { PortableDeleter } from '../portable/deleter.js';
import { KyselySalts } from '../kysely-salts.js';
import { isSetup, stateOf } from './errors.js';
import { ensureTable } from './schema.js';
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
  ensureTable,
  createWriter: (orm, table) => new PostgresWriter(orm, table),
  createDeleter: (orm, table) => new PortableDeleter(orm, table),
  createSalts: (orm, table) => new KyselySalts(orm, table, isSetup),
  explainConnect: (target, error) =>
    `the PostgreSQL database ${target} cannot be opened: ${messageOf(error)}. ${advice(error)}`,
};

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
