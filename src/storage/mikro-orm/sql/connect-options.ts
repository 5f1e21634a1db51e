import { Configuration, type Constructor, type IDatabaseDriver } from '@mikro-orm/core';
import { OptionReader, hasMethods, isFunction, isText } from '../../../option-reader.js';
import { readDriverOptions } from '../connect-options.js';
import { NOT_FROM_ENVIRONMENT } from '../not-from-environment.js';
import { DEFAULT_TABLE_NAME } from '../usage-properties.js';
import type { SqlDialect } from './dialect.js';
import { findDialect } from './dialects.js';
import { isReadyMade } from './driver-options.js';

/** What a storage is called. */
export interface SqlStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default the dialect, such as 'sqlite' */
  readonly name?: string | undefined;
}

/** The options of `SqlStorage.connect`. */
export interface SqlStorageOptions extends SqlStorageNaming {
  /** MikroORM's driver: `SqliteDriver` of `@mikro-orm/sqlite`, `PostgreSqlDriver` of `@mikro-orm/postgresql`, … */
  readonly driver: Constructor<IDatabaseDriver>;
  /** The database on its server, or the file of an SQLite database, such as `'usage.db'`, or `':memory:'`. */
  readonly dbName?: string | undefined;
  /** The server in one text, such as `postgres://user:password@host:5432/db`, instead of the options below. */
  readonly clientUrl?: string | undefined;
  /** The server's host. @default the driver's, as a rule 127.0.0.1 */
  readonly host?: string | undefined;
  /** The server's port, from 1 to 65,535. @default the driver's, such as 5432 */
  readonly port?: number | undefined;
  /** Who connects. @default the driver's, such as postgres */
  readonly user?: string | undefined;
  /** The password of `user`, or the token for a libSQL server. It is in no log and no error. @default none */
  readonly password?: string | undefined;
  /** The schema that the table is in, where the server has schemas. @default the server's, such as public */
  readonly schema?: string | undefined;
  /** The table. It is made if it is missing. @default 'koa_usage' */
  readonly tableName?: string | undefined;
  /** What the driver's own client is given beside it, such as `{ ssl: … }`, or a dialect of Kysely. @default {} */
  readonly driverOptions?: object | undefined;
}

/** Who is at fault, for errors. */
export const CONNECT = 'SqlStorage.connect';

const A_DRIVER = "a MikroORM driver, such as SqliteDriver of '@mikro-orm/sqlite'";

const SERVER_OPTIONS = ['clientUrl', 'host', 'port', 'user', 'password', 'schema'] as const;

/** One statement writes and one reads; nobody needs more. */
const POOL = { min: 0, max: 2 };

/** Checked options. */
export interface ResolvedConnection {
  readonly dialect: SqlDialect;
  readonly tableName: string;
  /** What the storage is called, if it was given a name. */
  readonly name: string | undefined;
  /** Which database, without its password. */
  readonly target: string;
  /** What MikroORM is given, but for the entity. */
  readonly orm: object;
}

/**
 * Checks the options of `SqlStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected; `STORAGE_SETUP` if
 *   the driver's dialect is none that records can be written in
 */
export function resolveConnection(options: SqlStorageOptions): ResolvedConnection {
  const reader = new OptionReader(CONNECT, options, [
    'driver',
    'dbName',
    ...SERVER_OPTIONS,
    'tableName',
    'driverOptions',
    'name',
  ]);
  const driver =
    reader.read<SqlStorageOptions['driver'] | null>('driver', isDriver, A_DRIVER, null) ??
    reader.refuse('driver', A_DRIVER);
  const given = readDriverOptions(reader);
  const dialect = findDialect(makeDriver(driver, given), CONNECT);
  const where = dialect.isEmbedded ? readFile(reader, dialect) : readServer(reader);
  const { driverOptions, ...own } = dialect.connectionOptions as { driverOptions?: object };
  return {
    dialect,
    tableName: readTableName(reader, dialect),
    name: reader.text('name', undefined),
    target: where.target,
    orm: {
      ...NOT_FROM_ENVIRONMENT,
      ...own,
      ...where.options,
      driver,
      driverOptions: isReadyMade(given) ? given : { ...driverOptions, ...given },
      pool: POOL,
      metadataCache: { enabled: false },
      // It would ask the server before anybody can see to its errors; a table is looked for all the same.
      ensureDatabase: false,
    },
  };
}

interface Where {
  readonly target: string;
  readonly options: object;
}

function readFile(reader: OptionReader<SqlStorageOptions>, { remote }: SqlDialect): Where {
  const clientUrl =
    remote &&
    reader.read<string | undefined>(
      'clientUrl',
      (value) => isUrl(value) && remote.pattern.test(value as string),
      remote.example,
      undefined,
    );
  const dbName =
    clientUrl ?? reader.text('dbName', null) ?? reader.refuse('dbName', "a file's name, such as 'usage.db'");
  const isRemote = remote?.pattern.test(dbName) === true;
  for (const name of SERVER_OPTIONS) {
    if (name === 'clientUrl' && remote !== undefined) continue;
    if (name === 'password' && isRemote) continue;
    reader.read(name, () => false, 'nothing: it is for servers, and this driver opens a file', undefined);
  }
  const password = isRemote ? reader.read('password', isText, 'text', undefined) : undefined;
  return { target: isRemote ? withoutSecrets(dbName) : dbName, options: defined({ dbName, password }) };
}

/** A token may stand in the user's place of a URL, and behind its question mark. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'of an unreadable URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function readServer(reader: OptionReader<SqlStorageOptions>): Where {
  const clientUrl = reader.read<string | undefined>(
    'clientUrl',
    isUrl,
    "a URL, such as 'postgres://user@host/db'",
    undefined,
  );
  const dbName = reader.text('dbName', undefined);
  if (clientUrl === undefined && dbName === undefined)
    reader.refuse('dbName', "a database's name, or the option 'clientUrl'");
  const port = reader.integer('port', { min: 0, max: 65_535, default: 0 });
  const host = reader.text('host', undefined);
  const options = {
    clientUrl,
    dbName,
    host,
    port: port === 0 ? undefined : port,
    user: reader.text('user', undefined),
    password: reader.read<string | undefined>(
      'password',
      (value) => typeof value === 'string',
      'text',
      undefined,
    ),
    schema: reader.text('schema', undefined),
  };
  return { target: describeServer(options), options: defined(options) };
}

/** Which database it is, as an error shows it. */
function describeServer(options: {
  clientUrl: string | undefined;
  dbName: string | undefined;
  host: string | undefined;
  port: number | undefined;
}): string {
  const url = options.clientUrl === undefined ? null : new URL(options.clientUrl);
  const name = options.dbName ?? decodeURIComponent(url?.pathname.slice(1) ?? '');
  const host = options.host ?? (url?.hostname || 'the default host');
  const port = options.port ?? url?.port;
  return `${name} on ${host}${port ? `:${port}` : ''}`;
}

function readTableName(reader: OptionReader<SqlStorageOptions>, { reservedNames }: SqlDialect): string {
  const tableName = reader.text('tableName', DEFAULT_TABLE_NAME);
  // MikroORM reads a schema before a dot, and puts values where question marks are.
  if (/[.?]/.test(tableName) || reservedNames?.pattern.test(tableName) === true) {
    const also = reservedNames === null ? '' : ` that ${reservedNames.expected}`;
    reader.refuse('tableName', `a name without a dot or a question mark${also}`);
  }
  return tableName;
}

/** A driver that is connected to nothing, to be asked which dialect it speaks. */
function makeDriver(driver: Constructor<IDatabaseDriver>, driverOptions: object): IDatabaseDriver {
  return new Configuration(
    { ...NOT_FROM_ENVIRONMENT, driver, driverOptions, dbName: ':memory:' } as object,
    false,
  ).getDriver();
}

function isDriver(value: unknown): boolean {
  return isFunction(value) && hasMethods((value as { prototype?: unknown }).prototype, 'getPlatform');
}

function isUrl(value: unknown): boolean {
  return isText(value) && URL.canParse(value);
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
