import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import {
  type Settings,
  boolean,
  integer,
  isText,
  kindsOf,
  readOptions,
  refuseOption,
  text,
} from '../../option-reader.js';
import {
  type IndexedField,
  NOT_FROM_ENVIRONMENT,
  driverOptions,
  indexes,
} from '../mikro-orm/connect-options.js';
import { MongoStorageNaming } from './collection-storage.js';

/** The options of `MongoStorage.connect`. */
export class MongoStorageOptions extends MongoStorageNaming {
  /** The database. @default the one that `clientUrl` names */
  readonly database? = text({ expected: A_DATABASE, accepts: isDatabaseName });
  /** The collection. It is made if it is missing. @default 'koa_usage' */
  readonly collection? = text({
    default: DEFAULT_TABLE_NAME,
    expected: "a collection's name, without $ or :// and not of the system",
    accepts: (value) => isText(value) && !/[$\0]|^system\.|^\.|\.$|\.\.|:\/\//.test(value),
  });
  /** The server's host. @default '127.0.0.1' */
  readonly host? = text({
    default: '127.0.0.1',
    expected: "a host's name or address",
    accepts: (value) => isText(value) && !/[/?@,]/.test(value),
  });
  /** The server's port, from 1 to 65,535. @default 27_017 */
  readonly port? = integer({ min: 1, max: 65_535, default: 27_017 });
  /** The user who connects. @default none: the server lets everybody in */
  readonly username? = text();
  /** The password of `username`. It is in no log and no error. @default none */
  readonly password? = text({ isSecret: true });
  /** The database that knows `username`, often `'admin'`. @default the value of `database` */
  readonly authSource? = text();
  /**
   * The servers in one text, such as `mongodb://user:password@host1,host2/database?replicaSet=rs0`, instead of `host`,
   * `port`, `username`, `password` and `authSource`.
   */
  readonly clientUrl? = text({
    isSecret: true,
    expected: "a URL, such as 'mongodb://user@host/database'",
    accepts: (value) => isText(value) && URL_PARTS.test(value),
  });
  /**
   * Whether records are only read: no collection and no index is made, and the user needs no role but `read`. For
   * replicas, reports and tools; `trackUsage` refuses such a storage. @default false
   */
  readonly readOnly? = boolean(false);
  /**
   * Filters that are made fast where few records pass them: each has an index on the field, `date` and `_id`, made if it is missing,
   * and every write pays for it. One that is no longer named is left alone. @default []
   */
  readonly indexes? = indexes();
  /** Further options of the driver's `MongoClient`, such as `{ tls: true }`. @default {} */
  readonly driverOptions? = driverOptions();
}

/** Checked options. */
export interface ResolvedConnection {
  readonly collection: string;
  readonly name: string;
  readonly isReadOnly: boolean;
  readonly indexes: readonly IndexedField[];
  /** The database and its hosts, without a password. */
  readonly target: string;
  /** MikroORM's options, but for the driver and the entity. */
  readonly orm: object;
}

/** The function that takes the options, for errors. */
export const CONNECT = 'MongoStorage.connect';

const HOST_OPTIONS = ['host', 'port', 'username', 'password', 'authSource'] as const;

const A_USER = 'text: username and password go together, and authSource says which database knows them';
const A_DATABASE = 'a database\'s name, without / \\ . " $ * < > : | ? or space';
const URL_PARTS =
  /^mongodb(?:\+srv)?:\/\/(?:.*@)?(?<hosts>[^@/?]+)(?:\/(?<database>[^/?]*))?(?:\?(?<query>.*))?$/s;

/**
 * Options of our client that differ from the driver's defaults: one operation writes and some read; a server that is
 * gone is not waited for longer than an attempt at a batch is, by default.
 */
const CLIENT_OPTIONS = {
  appName: 'koa-track-usage',
  maxPoolSize: 4,
  minPoolSize: 0,
  connectTimeoutMS: 5000,
  serverSelectionTimeoutMS: 5000,
  waitQueueTimeoutMS: 5000,
  socketTimeoutMS: 60_000,
};

/**
 * Checks the options of `MongoStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveConnection(options: MongoStorageOptions): ResolvedConnection {
  const given: Given = readOptions(CONNECT, MongoStorageOptions, options);
  if (given.clientUrl !== undefined) refuseBesideUrl(options);
  if (given.readOnly && given.indexes.length > 0)
    refuse('indexes', given.indexes, 'none with readOnly, which makes nothing');
  const clientUrl = given.clientUrl ?? urlOf(given);
  const parts = URL_PARTS.exec(clientUrl)?.groups ?? {};
  const database = given.database ?? decodeName(parts['database']);
  if (!isDatabaseName(database)) refuse('database', database, A_DATABASE);
  return {
    collection: given.collection,
    name: given.name,
    isReadOnly: given.readOnly,
    indexes: given.indexes,
    target: `${database} on ${parts['hosts']}`,
    orm: {
      ...NOT_FROM_ENVIRONMENT,
      clientUrl,
      dbName: database,
      driverOptions: {
        ...clientOptionsBeside(parts['query']),
        ...userOptions(given, database),
        ...given.driverOptions,
      },
      metadataCache: { enabled: false },
    },
  };
}

/** The options, those without a default as they were given. */
type Given = Settings<
  MongoStorageOptions,
  Pick<MongoStorageOptions, 'database' | 'username' | 'password' | 'authSource' | 'clientUrl'>
>;

function refuseBesideUrl(options: MongoStorageOptions): void {
  for (const name of HOST_OPTIONS) {
    if (options[name] !== undefined) refuse(name, options[name], "nothing beside 'clientUrl', which says it");
  }
}

function urlOf({ host, port }: Given): string {
  return `mongodb://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

/** The options of our client, but for those that the query of a URL gives itself. */
function clientOptionsBeside(query: string | undefined): object {
  const given = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(CLIENT_OPTIONS).filter(([name]) => !given.has(name.toLowerCase())),
  );
}

function userOptions({ username, password, authSource }: Given, database: string): object {
  if (username === undefined && password === undefined && authSource === undefined) return {};
  if (username === undefined) refuse('username', username, A_USER);
  if (password === undefined) refuse('password', password, A_USER);
  return { auth: { username, password }, authSource: authSource ?? database };
}

function refuse(name: keyof MongoStorageOptions, value: unknown, expected: string): never {
  const { isSecret } = kindsOf(MongoStorageOptions)[name] ?? {};
  return refuseOption({ subject: CONNECT, name }, value, expected, isSecret);
}

function isDatabaseName(value: unknown): value is string {
  return isText(value) && /^[^/\\. "$*<>:|?\0]{1,63}$/.test(value);
}

/** The name in a URL; undefined if there is none that can be read. */
function decodeName(encoded: string | undefined): string | undefined {
  try {
    return decodeURIComponent(encoded ?? '') || undefined;
  } catch {
    return undefined;
  }
}
