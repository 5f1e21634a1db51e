import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { Configuration, type Constructor, type IDatabaseDriver } from '@mikro-orm/core';
import {
  type Settings,
  boolean,
  hasMethods,
  integer,
  isFunction,
  isText,
  kindsOf,
  oneOf,
  option,
  readOptions,
  refuseOption,
  required,
  text,
} from '../../option-reader.js';
import { NOT_FROM_ENVIRONMENT, driverOptions, indexes } from '../mikro-orm/connect-options.js';
import type { SqlDialect } from './dialect.js';
import { findDialect } from './dialects.js';
import { isReadyMade } from './kysely.js';

/** The function that errors name. */
export const CONNECT = 'SqlStorage.connect';

const A_FILE = "a file's name, such as 'usage.db'";

/** Names that drivers take for a database in memory, or for a URL. */
const NO_FILE = /^(?:$|:memory:|file:)/;

/** Options of clients that name another file, or leave it to others to make the file. */
const OTHERS_FILE = ['readonly', 'fileMustExist', 'url', 'syncUrl'];

const A_URL =
  "a URL, such as 'postgres://user@host/db', with / ? # and @ of a password as %2F %3F %23 and %40";

/** MikroORM reads none of a URL's parameters but the schema: a parameter that asks for encryption would be passed over. */
const A_URL_WITHOUT_TLS =
  'a URL without parameters that ask for TLS, which go unheard there: give driverOptions: { ssl: true } instead, or ' +
  "{ ssl: … } with the settings of the driver's client";

const MAY_DO_WITHOUT_TLS = /^(?:|disabled?|allow|prefer(?:red)?|false|0|no|off)$/i;

/** A name that no file and no database has. A scheme has two letters at least here, as a drive of Windows has one. */
const URL_OF_SERVER = /^(?!file:)[a-z][a-z\d+.-]+:\/\//i;

/** A name that is no URL: a URL may hold a password, and errors repeat the name. */
const NO_URL = {
  expected: "text that is not empty, and no URL, which is given as 'clientUrl'",
  accepts: (value: unknown): boolean => isText(value) && !URL_OF_SERVER.test(value),
};

/** The name of a storage. */
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
      accepts: (value) =>
        isFunction(value) && hasMethods((value as { prototype?: unknown }).prototype, 'getPlatform'),
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
  readonly host? = text({
    ...NO_URL,
    accepts: (value) => NO_URL.accepts(value) && !String(value).includes('@'),
  });
  /** The server's port, from 1 to 65,535. @default the driver's, such as 5432 */
  readonly port? = integer({ min: 1, max: 65_535 });
  /** The user that connects. @default the driver's, such as postgres */
  readonly user? = text({
    expected: "a user's name without a colon; a password is given as 'password'",
    accepts: (value) => isText(value) && !value.includes(':'),
    isSecret: true,
  });
  /** The password of `user`, or the token for a libSQL server. It is in no log and no error. @default none */
  readonly password? = text({
    expected: 'text',
    accepts: (value) => typeof value === 'string',
    isSecret: true,
  });
  /** The schema that the table is in, where the server has schemas. @default the server's, such as public */
  readonly schema? = text(NO_URL);
  /** The table. It is made if it is missing. @default 'koa_usage' */
  readonly tableName? = text({ ...NO_URL, default: DEFAULT_TABLE_NAME });
  /**
   * Whether records are only read: nothing is made or changed, and the user needs no right but to
   * select. For replicas, reports and tools; `trackUsage` refuses such a storage. @default false
   */
  readonly readOnly? = boolean(false);
  /**
   * Filters that are made fast where few records pass them: each has an index on the field, `date` and `id`, made if it is missing,
   * and every write pays for it. One that is no longer named is left alone. @default []
   */
  readonly indexes? = indexes();
  /**
   * Whether the table is made of a partition for each month, which PostgreSQL does: by the time in the ids of records, in UTC. Those of this
   * month and the next two are made ahead, others when they are needed. @default one table
   */
  readonly partition? = oneOf(['month']);
  /** Options of the driver's own client, such as `{ ssl: … }`, or a dialect of Kysely. @default {} */
  readonly driverOptions? = driverOptions();
}

const SERVER_OPTIONS = ['clientUrl', 'host', 'port', 'user', 'password', 'schema'] as const;

/** One statement writes, one reads, and one is about summaries; nobody needs more. */
const POOL = { min: 0, max: 3 };

/** The options, those without a default as they were given. */
type Given = Settings<
  SqlStorageOptions,
  Omit<SqlStorageOptions, 'driver' | 'tableName' | 'readOnly' | 'indexes' | 'driverOptions'>
>;

/** Where the database is. */
interface Place {
  /** Which database, without its password. */
  readonly target: string;
  /** The file that the driver makes where it is missing; null where it makes none. */
  readonly file: string | null;
}

/** Checked options. */
export interface ResolvedConnection
  extends Place, Pick<Given, 'name' | 'tableName' | 'readOnly' | 'indexes' | 'partition'> {
  readonly dialect: SqlDialect;
  /** The options of MikroORM, without the entity. */
  readonly orm: object;
}

/**
 * Checks the options of `SqlStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected; `STORAGE_SETUP` if
 *   the driver's dialect is none that records can be written in
 */
export function resolveConnection(options: SqlStorageOptions): ResolvedConnection {
  const given: Given = readOptions(CONNECT, SqlStorageOptions, options);
  const { driver, driverOptions: forDriver, name, tableName, readOnly, indexes: fields, partition } = given;
  if (readOnly && fields.length > 0) refuse(given, 'indexes', 'none with readOnly, which makes nothing');
  const client = { ...NOT_FROM_ENVIRONMENT, driver, driverOptions: forDriver };
  // This driver connects to nothing. It is only asked which dialect it speaks.
  const asked = new Configuration({ ...client, dbName: ':memory:' } as object, false).getDriver();
  const dialect = findDialect(asked, CONNECT);
  if (partition !== undefined) checkPartition(given, dialect);
  const { target, file, address } = dialect.isEmbedded ? readFile(given, dialect) : readServer(given);
  checkTableName(given, dialect);
  const { driverOptions: ofDialect, ...own } = dialect.connectionOptions as { driverOptions?: object };
  const forReading = readOnly ? dialect.readOnlyOptions?.(target, forDriver) : {};
  const orm = {
    ...client,
    ...own,
    ...address,
    driverOptions: isReadyMade(forDriver) ? forDriver : { ...ofDialect, ...forDriver, ...forReading },
    pool: POOL,
    metadataCache: { enabled: false },
    // MikroORM would ask the server where nobody sees to its errors. The table is looked for all the same.
    ensureDatabase: false,
  };
  return { dialect, name, tableName, readOnly, indexes: fields, partition, target, file, orm };
}

/** A place, and the options of MikroORM that lead there. */
interface Address extends Place {
  readonly address: object;
}

function readFile(given: Given, { remote }: SqlDialect): Address {
  const isRemote = (name: string): boolean => remote?.pattern.test(name) === true && URL.canParse(name);
  const { clientUrl, password, driverOptions: forDriver } = given;
  if (remote !== undefined && clientUrl !== undefined && !isRemote(clientUrl))
    refuse(given, 'clientUrl', remote.example);
  const dbName = (remote && clientUrl) ?? given.dbName ?? refuse(given, 'dbName', A_FILE);
  const isServer = isRemote(dbName);
  if (!isServer && URL_OF_SERVER.test(dbName)) refuse(given, 'dbName', A_FILE);
  const usable = new Set([remote && 'clientUrl', isServer && 'password']);
  const useless = SERVER_OPTIONS.find((name) => given[name] !== undefined && !usable.has(name));
  if (useless !== undefined)
    refuse(given, useless, 'nothing: it is for servers, and this driver opens a file');
  if (password === '') refuse(given, 'password', 'text that is not empty');
  // The driver may open something else than the file, or leave it to others to make it.
  const makesNone = isServer || isReadyMade(forDriver) || OTHERS_FILE.some((name) => name in forDriver);
  return {
    target: isServer ? withoutSecrets(dbName) : dbName,
    file: makesNone || NO_FILE.test(dbName) ? null : dbName,
    address: { dbName, password },
  };
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

function readServer(given: Given): Address {
  const { clientUrl, dbName, host, port, user, password, schema, driverOptions: forDriver } = given;
  const url = clientUrl === undefined ? null : (serverUrl(clientUrl) ?? refuse(given, 'clientUrl', A_URL));
  const seesToTls = 'ssl' in forDriver || isReadyMade(forDriver);
  if (url !== null && !seesToTls && asksForTls(url)) refuse(given, 'clientUrl', A_URL_WITHOUT_TLS);
  if (dbName !== undefined && URL_OF_SERVER.test(dbName)) refuse(given, 'dbName', NO_URL.expected);
  const database = dbName ?? decodeURIComponent(url?.pathname.slice(1) ?? '');
  if (database === '')
    refuse(given, 'dbName', "a database's name, or the option 'clientUrl' with one behind its host");
  const shownHost = host ?? (url?.hostname || 'the default host');
  const shownPort = port ?? url?.port;
  return {
    target: `${database} on ${shownHost}${shownPort ? `:${shownPort}` : ''}`,
    file: null,
    address: { clientUrl, dbName, host, port, user, password, schema },
  };
}

/** The URL of a server; null if the text is none, or if its host or database may be the rest of a password. */
function serverUrl(given: string): URL | null {
  try {
    const url = new URL(given);
    const { pathname, search, hash } = url;
    decodeURIComponent(pathname);
    const rest = pathname.length > 1 ? pathname : pathname + search;
    return `${rest}${hash}`.includes('@') ? null : url;
  } catch {
    return null;
  }
}

/** Whether a URL wants a connection that is encrypted, and no other. */
function asksForTls(url: URL): boolean {
  return [...url.searchParams].some(
    ([name, value]) => /^(?:ssl|tls)/i.test(name) && !MAY_DO_WITHOUT_TLS.test(value),
  );
}

function checkPartition(given: Given, dialect: SqlDialect): void {
  if (dialect.makeMonths === undefined)
    refuse(given, 'partition', 'none: tables of months are made on PostgreSQL alone');
  if (given.readOnly)
    refuse(
      given,
      'partition',
      'none with readOnly, which makes nothing, and reads a table of months without it',
    );
}

function checkTableName(given: Given, { reservedNames }: SqlDialect): void {
  // MikroORM reads a schema before a dot, puts values where question marks are, and escapes not every quotation mark;
  // databases read no further than to NUL.
  if (/[.?'"`\0]/.test(given.tableName) || reservedNames?.pattern.test(given.tableName) === true) {
    const also = reservedNames === null ? '' : ` that ${reservedNames.expected}`;
    refuse(given, 'tableName', `a name without a dot, a question mark or a quotation mark${also}`);
  }
}
