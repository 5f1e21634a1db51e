import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Constructor, IDatabaseDriver } from '@mikro-orm/core';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';

/** Forms of `--database`, for the help and errors. */
export const DATABASE_FORMS =
  'sqlite:usage.db, postgres://user@host/db, mysql://…, mariadb://…, mongodb://… or clickhouse://…';

/** Where records are, as the command line names it. */
export interface Place {
  /** A file or a URL. */
  readonly database: string;
  /** The table or the collection; undefined for the default. */
  readonly table: string | undefined;
  /** The folder that the names of files are read from. */
  readonly cwd: string;
}

/** A kind of server, and where its driver is. */
interface Engine {
  readonly packageName: string;
  readonly load: () => Promise<Constructor<IDatabaseDriver>>;
}

const ENGINES: Readonly<Record<string, Engine>> = {
  sqlite: {
    packageName: '@mikro-orm/sqlite',
    load: async () => (await import('@mikro-orm/sqlite')).SqliteDriver,
  },
  postgres: {
    packageName: '@mikro-orm/postgresql',
    load: async () => (await import('@mikro-orm/postgresql')).PostgreSqlDriver,
  },
  mysql: {
    packageName: '@mikro-orm/mysql',
    load: async () => (await import('@mikro-orm/mysql')).MySqlDriver,
  },
  mariadb: {
    packageName: '@mikro-orm/mariadb',
    load: async () => (await import('@mikro-orm/mariadb')).MariaDbDriver,
  },
};

/** Parameters of a URL by which clients ask for TLS, which MikroORM does not read. */
const TLS_PARAMETERS = ['sslmode', 'ssl', 'ssl-mode', 'tls'];

/**
 * Opens the records that `--database` names. Nothing is made there: neither a table nor a collection nor a file.
 *
 * @param isForWriting - whether records and summaries that are there will be changed
 * @throws {CliError} if it names nothing that can be opened, or a driver is missing; {@link TrackUsageError} of the storage
 */
export async function openDatabase(place: Place, isForWriting: boolean): Promise<UsageStorage> {
  const [, scheme = ''] = /^([a-z+]+):/i.exec(place.database) ?? [];
  const kind = scheme.toLowerCase().replace(/^postgresql$/, 'postgres');
  if (kind === 'mongodb' || kind === 'mongodb+srv') return openMongo(place, isForWriting);
  if (/^clickhouse(?:\+https?)?$/.test(kind)) return openClickHouse(place, isForWriting);
  const engine = Object.hasOwn(ENGINES, kind) ? ENGINES[kind] : undefined;
  if (engine === undefined)
    throw wrongUsage(`--database names no kind of database that is known; expected ${DATABASE_FORMS}.`);
  const driver = await load(engine.packageName, engine.load);
  const { SqlStorage } = await load('@mikro-orm/sql', () => import('../../backends/sql/index.js'));
  const where = kind === 'sqlite' ? { dbName: await fileOf(place) } : serverOf(place.database);
  const options = { driver, tableName: place.table, ...where };
  return isForWriting
    ? SqlStorage.connectToExisting(options)
    : SqlStorage.connect({ ...options, readOnly: true });
}

async function openMongo({ database, table }: Place, isForWriting: boolean): Promise<UsageStorage> {
  await load('@mikro-orm/mongodb', () => import('@mikro-orm/mongodb'));
  const { MongoStorage } = await load('@mikro-orm/core', () => import('../../backends/mongo/index.js'));
  const options = { clientUrl: database, collection: table };
  return isForWriting
    ? MongoStorage.connectToExisting(options)
    : MongoStorage.connect({ ...options, readOnly: true });
}

/** Opens ClickHouse over HTTP: `clickhouse://user:password@host:8123/database`, or with TLS as `clickhouse+https://…`. */
async function openClickHouse({ database, table }: Place, isForWriting: boolean): Promise<UsageStorage> {
  await load('@clickhouse/client', () => import('@clickhouse/client'));
  const { ClickHouseStorage } = await import('../../backends/clickhouse/index.js');
  const scheme = /^clickhouse\+https:/i.test(database) ? 'https' : 'http';
  const url = database.replace(/^[^:]*:/, `${scheme}:`);
  // A URL of HTTP needs no slashes: what follows would be the host.
  if (!/^[^:]*:\/\/[^/]/.test(database) || !URL.canParse(url))
    throw wrongUsage('--database clickhouse: is no URL; expected clickhouse://user@host:8123/database.');
  const { origin, username, password, pathname } = new URL(url);
  const given = { username, password, database: pathname.slice(1) };
  const options = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === '' ? [] : [[name, decodeURIComponent(value)]],
    ),
  );
  return isForWriting
    ? ClickHouseStorage.connectToExisting({ ...options, url: origin, tableName: table })
    : ClickHouseStorage.connect({ ...options, url: origin, tableName: table, readOnly: true });
}

/** What a file of SQLite begins with, unless it is empty (Database File Format, 1.3). */
const SQLITE_HEAD = 'SQLite format 3\0';

/** The file of SQLite: `sqlite:usage.db`, or as a URL `sqlite:///var/usage.db`. */
async function fileOf({ database, cwd }: Place): Promise<string> {
  const name = database.slice('sqlite:'.length).replace(/^\/\//, '');
  if (name === '' || name === ':memory:')
    throw wrongUsage('--database sqlite: names no file; expected sqlite:usage.db.');
  const file = resolve(cwd, name);
  const head = await headOf(file).catch((error: unknown) => {
    throw wrongUsage(`--database names the file '${file}', which cannot be opened: ${reasonOf(error)}`);
  });
  if (head !== '' && head !== SQLITE_HEAD)
    throw wrongUsage(`--database names the file '${file}', which is no database of SQLite.`);
  return file;
}

/** The beginning of a file. */
async function headOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE_HEAD.length));
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  return (error as { code?: unknown }).code === 'ENOENT' ? 'it is not there.' : 'it may not be read.';
}

/** A server's URL, with what asks for TLS as MikroORM takes it. */
function serverOf(database: string): { clientUrl: string; driverOptions: object } {
  const [kind = '', rest = ''] = database.split(':', 2);
  // MikroORM would take the end of the text for the name of a database on this machine.
  if (!rest.startsWith('//'))
    throw wrongUsage(`--database ${kind}: is no URL; expected ${kind}://user@host/database.`);
  if (!URL.canParse(database)) return { clientUrl: database, driverOptions: {} };
  const url = new URL(database);
  const asked = TLS_PARAMETERS.filter((name) => url.searchParams.has(name));
  const wantsTls = asked.some(
    (name) => !/^(?:|disabled?|false|0|no|off)$/i.test(url.searchParams.get(name) ?? ''),
  );
  for (const name of asked) url.searchParams.delete(name);
  return { clientUrl: asked.length === 0 ? database : url.href, driverOptions: wantsTls ? { ssl: {} } : {} };
}

/** Imports what is an optional peer, or needs one. */
async function load<Loaded>(packageName: string, importIt: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await importIt();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [, missing = packageName] = /package '([^']+)'/.exec(message) ?? [];
    throw new CliError(
      EXIT.usage,
      `The package '${missing}' is not installed here. Install it: npm install ${missing}.`,
      error,
    );
  }
}
