import { Configuration, type Constructor, type IDatabaseDriver } from '@mikro-orm/core';
import {
  type Settings,
  boolean,
  hasMethods,
  integer,
  isFunction,
  kindsOf,
  option,
  readOptions,
  refuseOption,
  required,
  text,
} from '../../option-reader.js';
import { NOT_FROM_ENVIRONMENT, driverOptions } from '../mikro-orm/connect-options.js';
import { DEFAULT_TABLE_NAME } from '../mikro-orm/usage-properties.js';
import type { SqlDialect } from './dialect.js';
import { findDialect } from './dialects.js';
import { isReadyMade } from './kysely.js';

/** Who is at fault, for errors. */
export const CONNECT = 'SqlStorage.connect';

const A_FILE = "a file's name, such as 'usage.db'";

/** Names that drivers take for a database in memory, or for a URL. */
const NO_FILE = /^(?:$|:memory:|file:)/;
const OTHERS_FILE = ['readonly', 'fileMustExist', 'url', 'syncUrl'];

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

/** What a storage is called. */
export class SqlStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default the dialect, such as 'sqlite' */
  readonly name? = text();
}

/** The options of `SqlStorage.connect`. */
export class SqlStorageOptions extends SqlStorageNaming {
  /** MikroORM's driver: `SqliteDriver` of `@mikro-orm/sqlite`, `PostgreSqlDriver` of `@mikro-orm/postgresql`, … */
  readonly driver = required(
    option<Constructor<IDatabaseDriver>>({
      expected: "a MikroORM driver, such as SqliteDriver of '@mikro-orm/sqlite'",
      accepts: isDriver,
    }),
  );
  /** The database on its server, or the file of an SQLite database, such as `'usage.db'`, or `':memory:'`. */
  readonly dbName? = text();
  /**
   * The server in one text, such as `postgres://user:password@host:5432/db`, instead of the options below. TLS is asked for in
   * `driverOptions`.
   */
  readonly clientUrl? = text({ expected: A_URL, isSecret: true });
  /** The server's host. @default the driver's, as a rule 127.0.0.1 */
  readonly host? = text();
  /** The server's port, from 1 to 65,535. @default the driver's, such as 5432 */
  readonly port? = integer({ min: 1, max: 65_535 });
  /** Who connects. @default the driver's, such as postgres */
  readonly user? = text();
  /** The password of `user`, or the token for a libSQL server. It is in no log and no error. @default none */
  readonly password? = text({
    expected: 'text',
    accepts: (value) => typeof value === 'string',
    isSecret: true,
  });
  /** The schema that the table is in, where the server has schemas. @default the server's, such as public */
  readonly schema? = text();
  /** The table. It is made if it is missing. @default 'koa_usage' */
  readonly tableName? = text({ default: DEFAULT_TABLE_NAME });
  /**
   * Whether records are only read: nothing is made or changed, no thread is started, and the user needs no right but to
   * select. For replicas, reports and tools; `trackUsage` refuses such a storage. @default false
   */
  readonly readOnly? = boolean(false);
  /** What the driver's own client is given beside it, such as `{ ssl: … }`, or a dialect of Kysely. @default {} */
  readonly driverOptions? = driverOptions();
}

const SERVER_OPTIONS = ['clientUrl', 'host', 'port', 'user', 'password', 'schema'] as const;

/** One statement writes and one reads; nobody needs more. */
const POOL = { min: 0, max: 2 };

/** Checked options. */
export interface ResolvedConnection {
  readonly dialect: SqlDialect;
  readonly tableName: string;
  /** What the storage is called, if it was given a name. */
  readonly name: string | undefined;
  readonly isReadOnly: boolean;
  /** Which database, without its password. */
  readonly target: string;
  /** The file that the driver makes where it is missing; null where it makes none. */
  readonly file: string | null;
  /** What MikroORM is given, but for the entity. */
  readonly orm: object;
}

/** The options, those without a default as they were given. */
type Given = Settings<
  SqlStorageOptions,
  Omit<SqlStorageOptions, 'driver' | 'tableName' | 'readOnly' | 'driverOptions'>
>;

/**
 * Checks the options of `SqlStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected; `STORAGE_SETUP` if
 *   the driver's dialect is none that records can be written in
 */
export function resolveConnection(options: SqlStorageOptions): ResolvedConnection {
  const given: Given = readOptions(CONNECT, SqlStorageOptions, options);
  const { driver, driverOptions: forDriver } = given;
  const dialect = findDialect(makeDriver(given), CONNECT);
  const where = dialect.isEmbedded ? readFile(given, dialect) : readServer(given);
  const { driverOptions: ofDialect, ...own } = dialect.connectionOptions as { driverOptions?: object };
  const readOnlyOptions = given.readOnly ? dialect.readOnlyOptions?.(where.target, forDriver) : {};
  checkTableName(given, dialect);
  return {
    dialect,
    tableName: given.tableName,
    name: given.name,
    isReadOnly: given.readOnly,
    target: where.target,
    file: where.file ?? null,
    orm: {
      ...NOT_FROM_ENVIRONMENT,
      ...own,
      ...where.options,
      driver,
      driverOptions: isReadyMade(forDriver) ? forDriver : { ...ofDialect, ...forDriver, ...readOnlyOptions },
      pool: POOL,
      metadataCache: { enabled: false },
      // It would ask the server before anybody can see to its errors; a table is looked for all the same.
      ensureDatabase: false,
    },
  };
}

interface Where {
  readonly target: string;
  readonly file?: string | null;
  readonly options: object;
}

function readFile(given: Given, { remote }: SqlDialect): Where {
  const isRemote = (name: string): boolean => remote?.pattern.test(name) === true && URL.canParse(name);
  const { clientUrl, password } = given;
  if (remote !== undefined && clientUrl !== undefined && !isRemote(clientUrl))
    refuse(given, 'clientUrl', remote.example);
  const dbName = (remote && clientUrl) ?? given.dbName ?? refuse(given, 'dbName', A_FILE);
  if (!isRemote(dbName) && URL_OF_SERVER.test(dbName)) refuse(given, 'dbName', A_FILE);
  for (const name of SERVER_OPTIONS) {
    if (name === 'clientUrl' && remote !== undefined) continue;
    if (name === 'password' && isRemote(dbName)) continue;
    if (given[name] !== undefined) refuse(given, name, NOTHING);
  }
  if (password === '') refuse(given, 'password', 'text that is not empty');
  return {
    target: isRemote(dbName) ? withoutSecrets(dbName) : dbName,
    file: isRemote(dbName) || NO_FILE.test(dbName) || makesNoFile(given.driverOptions) ? null : dbName,
    options: defined({ dbName, password }),
  };
}

/** Whether the driver opens something else than the file, or leaves it to others to make it. */
function makesNoFile(forDriver: object): boolean {
  return isReadyMade(forDriver) || OTHERS_FILE.some((name) => name in forDriver);
}

function refuse(given: Given, name: keyof SqlStorageOptions, expected: string): never {
  const { isSecret } = kindsOf(SqlStorageOptions)[name] ?? {};
  return refuseOption({ subject: CONNECT, name }, given[name], expected, isSecret);
}

/** A token may stand in the user's place of a URL, and behind its question mark. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function readServer(given: Given): Where {
  const { clientUrl, dbName, host, port, user, password, schema, driverOptions: forDriver } = given;
  if (clientUrl !== undefined && !isServerUrl(clientUrl)) refuse(given, 'clientUrl', A_URL);
  const seesToTls = 'ssl' in forDriver || isReadyMade(forDriver);
  if (clientUrl !== undefined && !seesToTls && asksForTls(clientUrl))
    refuse(given, 'clientUrl', A_URL_WITHOUT_TLS);
  if (dbName !== undefined && URL_OF_SERVER.test(dbName))
    refuse(given, 'dbName', "a database's name; a URL is given as 'clientUrl'");
  if (dbName === undefined && (clientUrl === undefined || new URL(clientUrl).pathname.length <= 1))
    refuse(given, 'dbName', "a database's name, or the option 'clientUrl' with one behind its host");
  const options = defined({ clientUrl, dbName, host, port, user, password, schema });
  return { target: describeServer(given), options };
}

/** Which database it is, as an error shows it. */
function describeServer(given: Given): string {
  const url = given.clientUrl === undefined ? null : new URL(given.clientUrl);
  const name = given.dbName ?? decodeURIComponent(url?.pathname.slice(1) ?? '');
  const host = given.host ?? (url?.hostname || 'the default host');
  const port = given.port ?? url?.port;
  return `${name} on ${host}${port ? `:${port}` : ''}`;
}

/** Whether text is a URL, and what stands for host and database in it is not the rest of a password. */
function isServerUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { pathname, search, hash } = new URL(url);
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

function checkTableName(given: Given, { reservedNames }: SqlDialect): void {
  // MikroORM reads a schema before a dot, puts values where question marks are, and escapes not every quotation mark;
  // databases read no further than to NUL.
  if (/[.?'"`\0]/.test(given.tableName) || reservedNames?.pattern.test(given.tableName) === true) {
    const also = reservedNames === null ? '' : ` that ${reservedNames.expected}`;
    refuse(given, 'tableName', `a name without a dot, a question mark or a quotation mark${also}`);
  }
}

/** A driver that is connected to nothing, to be asked which dialect it speaks. */
function makeDriver({ driver, driverOptions: forDriver }: Given): IDatabaseDriver {
  return new Configuration(
    { ...NOT_FROM_ENVIRONMENT, driver, driverOptions: forDriver, dbName: ':memory:' } as object,
    false,
  ).getDriver();
}

function isDriver(value: unknown): boolean {
  return isFunction(value) && hasMethods((value as { prototype?: unknown }).prototype, 'getPlatform');
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
