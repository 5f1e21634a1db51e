import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { jetstreamManager } from '@nats-io/jetstream';
import { ClickHouseStorage } from 'koa-track-usage/clickhouse';
import { JetStreamStorage } from 'koa-track-usage/jetstream';
import { SqlStorage } from 'koa-track-usage/sql';
import type { UsageStorage } from 'koa-track-usage';
import type { EngineName } from '../../spec/support/servers.js';
import { withNats } from '../../spec/support/servers/nats.js';
import { freshDatabase } from '../harness/databases.js';
import { tempFolder } from '../variants/temp-folder.js';

/** A database that several processes write to, each through a storage of its own. */
export interface SharedPlace {
  /** The server that it is on; null for a file. */
  readonly server: EngineName | null;
  /** Makes an empty one, and returns its address. */
  readonly make: () => Promise<string>;
  /** Opens it, in whichever process. */
  readonly open: (address: string) => Promise<UsageStorage>;
  /** Bytes on disk that the records take, with their indexes. */
  readonly measureBytes: (address: string) => Promise<number>;
}

/** The names of the places. */
export type PlaceName = keyof typeof PLACES;

const makeOn = (name: EngineName) => async (): Promise<string> => (await freshDatabase(name)).url;

const openPostgres = (address: string, options: { partition?: 'month' } = {}): Promise<SqlStorage> =>
  SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: address, ...options });

const openMariaDb = (address: string): Promise<SqlStorage> =>
  SqlStorage.connect({ driver: MariaDbDriver, clientUrl: address });

const postgresql = {
  server: 'postgresql',
  make: makeOn('postgresql'),
  open: openPostgres,
  measureBytes: async (address) => {
    const tables = "relkind = 'r' and relname ~ '^koa_usage(_[0-9]+)*$'";
    return countIn(
      await openPostgres(address),
      `select sum(pg_total_relation_size(oid)) as count from pg_class where ${tables}`,
    );
  },
} satisfies SharedPlace;

/** What is written to in `SIZING`. */
export const PLACES = {
  sqlite: {
    server: null,
    make: () => Promise.resolve(join(tempFolder(), 'usage.db')),
    open: (address) => SqlStorage.connect({ driver: SqliteDriver, dbName: address }),
    measureBytes: async (address) => (await stat(address)).size,
  },
  postgresql,
  months: { ...postgresql, open: (address) => openPostgres(address, { partition: 'month' }) },
  mariadb: {
    server: 'mariadb',
    make: makeOn('mariadb'),
    open: openMariaDb,
    measureBytes: async (address) => {
      const storage = await openMariaDb(address);
      await storage.reader.getEntityManager().getConnection().execute('analyze table koa_usage');
      const sizes = 'select data_length + index_length as count from information_schema.tables';
      return countIn(storage, `${sizes} where table_schema = database() and table_name = 'koa_usage'`);
    },
  },
  clickhouse: {
    server: 'clickhouse',
    make: makeOn('clickhouse'),
    open: (address) => ClickHouseStorage.connect(clickHouseAt(address)),
    measureBytes: async (address) => {
      const client = createClient({
        ...clickHouseAt(address),
        log: { level: ClickHouseLogLevel.OFF },
        request_timeout: 300_000,
      });
      await client.command({ query: 'optimize table koa_usage final' });
      const parts = "system.parts where active and database = currentDatabase() and table = 'koa_usage'";
      const answer = await client.query({
        query: `select sum(bytes_on_disk) from ${parts}`,
        format: 'TabSeparated',
      });
      const bytes = Number(await answer.text());
      await client.close();
      return bytes;
    },
  },
  jetstream: {
    server: 'nats',
    make: makeOn('nats'),
    open: (address) => JetStreamStorage.connect({ ...streamAt(address), replicas: 1 }),
    measureBytes: async (address) => {
      const { servers, stream } = streamAt(address);
      return withNats(servers, async (connection) => {
        const { streams } = await jetstreamManager(connection);
        return (await streams.info(stream)).state.bytes;
      });
    },
  },
} as const satisfies Record<string, SharedPlace>;

/** The options of a client for a database of a test server. */
export function clickHouseAt(address: string): { url: string; database: string } {
  const { host, pathname } = new URL(address);
  return { url: `http://${host}`, database: pathname.slice(1) };
}

/** The stream that the path of an address names. */
function streamAt(address: string): { servers: string; stream: string } {
  const { host, pathname } = new URL(address);
  return { servers: `nats://${host}`, stream: pathname.slice(1) };
}

/** The one figure that a statement asks for. The storage is closed. */
async function countIn(storage: SqlStorage, sql: string): Promise<number> {
  const connection = storage.reader.getEntityManager().getConnection();
  const [row] = await connection.execute<{ count: number | string }[]>(sql);
  await storage.close();
  return Number(row?.count);
}
