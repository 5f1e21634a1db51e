import { Configuration, type Constructor, type IDatabaseDriver } from '@mikro-orm/core';
import { OptionReader, hasMethods, isFunction, isText } from '../../option-reader.js';
import { NOT_FROM_ENVIRONMENT, readDriverOptions, readSecret } from '../mikro-orm/connect-options.js';
import { DEFAULT_TABLE_NAME } from '../mikro-orm/usage-properties.js';
import type { SqlDialect } from './dialect.js';
import { findDialect } from './dialects.js';
import { isReadyMade } from './kysely.js';

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
  /**
   * The server in one text, such as `postgres://user:password@host:5432/db`, instead of the options below. TLS is asked for in
   * `driverOptions`.
   */
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

const A_FILE = "a file's name, such as 'usage.db'";

const NOTHING = 'nothing: it is for servers, and this driver opens a file';

const A_URL =
  "a URL, such as 'postgres://user@host/db', with / ? # and @ of a password as %2F %3F %23 and %40";

/** MikroORM reads none of a URL's parameters but the schema: what asks for encryption there would be passed over in silence. */
const A_URL_WITHOUT_TLS =
  'a URL without parameters that ask for TLS, which go unheard there: give driverOptions: { ssl: true } instead, or ' +
  "{ ssl: … } with what the driver's client takes";

const MAY_DO_WITHOUT_TLS = /^(?:|disabled?|allow|prefer(?:red)?|false|0|no|off)$/i;

/** What no file and no database is called: two letters, as a drive of Windows has one. */
const URL_OF_SERVER = /^(?!file:)[a-z][a-z\d+.-]+:\/\//i;

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
  const where = dialect.isEmbedded ? readFile(reader, options, dialect) : readServer(reader, options, given);
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

function readFile(
  reader: OptionReader<SqlStorageOptions>,
  options: SqlStorageOptions,
  { remote }: SqlDialect,
): Where {
  const accepts = (name: string): boolean => remote?.pattern.test(name) === true && URL.canParse(name);
  const clientUrl = remote && secret(options, 'clientUrl', accepts, remote.example);
  const dbName = clientUrl ?? readName(reader, options, A_FILE, accepts) ?? reader.refuse('dbName', A_FILE);
  const isRemote = accepts(dbName);
  for (const name of SERVER_OPTIONS) {
    if (name === 'clientUrl' && remote !== undefined) continue;
    if (name === 'password' && isRemote) continue;
    if (name === 'clientUrl' || name === 'password') secret(options, name, () => false, NOTHING);
    else reader.read(name, () => false, NOTHING, undefined);
  }
  const password = secret(options, 'password', isText, 'text that is not empty');
  return { target: isRemote ? withoutSecrets(dbName) : dbName, options: defined({ dbName, password }) };
}

/** Reads the name of a database, and takes no URL for one: it may hold a password, and errors show names. */
function readName(
  reader: OptionReader<SqlStorageOptions>,
  options: SqlStorageOptions,
  expected: string,
  accepts: (name: string) => boolean,
): string | undefined {
  if (isText(options.dbName))
    secret(options, 'dbName', (name) => accepts(name) || !URL_OF_SERVER.test(name), expected);
  return reader.text('dbName', undefined);
}

function secret(
  options: SqlStorageOptions,
  name: 'clientUrl' | 'dbName' | 'password',
  accepts: (text: string) => boolean,
  expected: string,
): string | undefined {
  return readSecret(CONNECT, options, name, accepts, expected);
}

/** A token may stand in the user's place of a URL, and behind its question mark. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function readServer(
  reader: OptionReader<SqlStorageOptions>,
  options: SqlStorageOptions,
  driverOptions: object,
): Where {
  const clientUrl = secret(options, 'clientUrl', isServerUrl, A_URL);
  if (!('ssl' in driverOptions) && !isReadyMade(driverOptions))
    secret(options, 'clientUrl', (url) => !asksForTls(url), A_URL_WITHOUT_TLS);
  const dbName = readName(reader, options, "a database's name; a URL is given as 'clientUrl'", () => false);
  if (dbName === undefined && (clientUrl === undefined || new URL(clientUrl).pathname.length <= 1))
    reader.refuse('dbName', "a database's name, or the option 'clientUrl' with one behind its host");
  const where = {
    clientUrl,
    dbName,
    host: reader.text('host', undefined),
    port: reader.integer('port', { min: 1, max: 65_535, default: undefined }),
    user: reader.text('user', undefined),
    password: secret(options, 'password', () => true, 'text'),
    schema: reader.text('schema', undefined),
  };
  return { target: describeServer(where), options: defined(where) };
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

/** Whether text is a URL, and what stands for host and database in it is not the rest of a password. */
function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { pathname, search, hash } = new URL(text);
  const rest = pathname.length > 1 ? pathname : pathname + search;
  return !`${rest}${hash}`.includes('@') && isDecodable(pathname);
}

/** Whether a URL wants a connection that is encrypted, and no other. */
function asksForTls(url: string): boolean {
  return [...new URL(url).searchParams].some(
    ([name, value]) => /^(?:ssl|tls)/i.test(name) && !MAY_DO_WITHOUT_TLS.test(value),
  );
}

function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}

function readTableName(reader: OptionReader<SqlStorageOptions>, { reservedNames }: SqlDialect): string {
  const tableName = reader.text('tableName', DEFAULT_TABLE_NAME);
  // MikroORM reads a schema before a dot, puts values where question marks are, and escapes not every quotation mark;
  // databases read no further than to NUL.
  if (/[.?'"`\0]/.test(tableName) || reservedNames?.pattern.test(tableName) === true) {
    const also = reservedNames === null ? '' : ` that ${reservedNames.expected}`;
    reader.refuse('tableName', `a name without a dot, a question mark or a quotation mark${also}`);
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

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
