import { TrackUsageError } from '../../errors.js';
import {
  type Settings,
  boolean,
  integer,
  isText,
  readOptions,
  refuseOption,
  text,
} from '../../option-reader.js';
import { NOT_FROM_ENVIRONMENT, driverOptions } from '../mikro-orm/connect-options.js';
import { DEFAULT_TABLE_NAME } from '../mikro-orm/usage-properties.js';
import { MongoStorageNaming } from './collection-storage.js';

/** The options of `MongoStorage.connect`. */
export class MongoStorageOptions extends MongoStorageNaming {
  /** The database. @default the one that `clientUrl` names */
  readonly database? = text({ expected: A_DATABASE, accepts: isDatabaseName });
  /** The collection. It is made if it is missing. @default 'koa_usage' */
  readonly collection? = text({
    default: DEFAULT_TABLE_NAME,
    expected: "a collection's name, without $ and not of the system",
    accepts: isCollectionName,
  });
  /** The server's host. @default '127.0.0.1' */
  readonly host? = text({
    default: '127.0.0.1',
    expected: "a host's name or address",
    accepts: (value) => isText(value) && !/[/?@,]/.test(value),
  });
  /** The server's port, from 1 to 65,535. @default 27_017 */
  readonly port? = integer({ min: 1, max: 65_535, default: 27_017 });
  /** Who connects. @default nobody: the server lets everybody in */
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
  /** What the driver's `MongoClient` is given beside it, such as `{ tls: true }`. @default {} */
  readonly driverOptions? = driverOptions();
}

/** What a connection is made from. */
export interface ResolvedConnection {
  readonly collection: string;
  readonly name: string;
  readonly isReadOnly: boolean;
  /** Which database, without its password. */
  readonly target: string;
  /** What MikroORM is given, but for the driver and the entity. */
  readonly orm: object;
}

/** Who is at fault, for errors. */
export const CONNECT = 'MongoStorage.connect';

const HOST_OPTIONS = ['host', 'port', 'username', 'password', 'authSource'] as const;

const GO_TOGETHER = 'text, as username and password go together';
const A_DATABASE = 'a database\'s name, without / \\ . " $ * < > : | ? or space';
const URL_PARTS = /^mongodb(?:\+srv)?:\/\/(?:.*@)?(?<hosts>[^@/?]+)(?:\/(?<database>[^/?]*))?(?:\?.*)?$/s;

/**
 * What our client does otherwise than the driver by default: one operation writes and some read; a server that is gone
 * is not waited for longer than an attempt at a batch is, by default.
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
  const { clientUrl, hosts, database, clientOptions } =
    given.clientUrl === undefined ? readHost(given) : readUrl(given, options, given.clientUrl);
  return {
    collection: given.collection,
    name: given.name,
    isReadOnly: given.readOnly,
    target: `${database} on ${hosts}`,
    orm: {
      ...NOT_FROM_ENVIRONMENT,
      clientUrl,
      dbName: database,
      driverOptions: { ...clientOptions, ...given.driverOptions },
      metadataCache: { enabled: false },
    },
  };
}

/** The options, those without a default as they were given. */
type Given = Settings<
  MongoStorageOptions,
  Pick<MongoStorageOptions, 'database' | 'username' | 'password' | 'authSource' | 'clientUrl'>
>;

interface Where {
  readonly clientUrl: string;
  readonly hosts: string;
  readonly database: string;
  readonly clientOptions: object;
}

function readUrl(given: Given, options: MongoStorageOptions, clientUrl: string): Where {
  for (const name of HOST_OPTIONS) {
    if (options[name] === undefined) continue;
    throw new TrackUsageError(
      'INVALID_OPTION',
      `${CONNECT}: the option '${name}' was given beside 'clientUrl', which says it; give one of them.`,
    );
  }
  const parts = URL_PARTS.exec(clientUrl)?.groups ?? {};
  return {
    clientUrl,
    hosts: parts['hosts'] ?? '',
    database: given.database ?? readDatabase(decodeName(parts['database'])),
    clientOptions: unlessGiven(new URLSearchParams(clientUrl.split('?')[1])),
  };
}

/** Our options, but for those that the URL gives itself. */
function unlessGiven(given: URLSearchParams): object {
  const names = new Set([...given.keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(CLIENT_OPTIONS).filter(([name]) => !names.has(name.toLowerCase())),
  );
}

function readHost({ host, port, username, password, ...given }: Given): Where {
  const database = given.database ?? readDatabase(undefined);
  const { authSource = database } = given;
  if (username === undefined && password !== undefined) refuse('username', GO_TOGETHER);
  if (username === undefined && given.authSource !== undefined)
    refuse('username', 'text, as authSource says where it is known');
  if (username !== undefined && password === undefined) refuse('password', GO_TOGETHER);
  const hosts = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  return {
    clientUrl: `mongodb://${hosts}`,
    hosts,
    database,
    clientOptions: {
      ...CLIENT_OPTIONS,
      ...(username !== undefined && { auth: { username, password }, authSource }),
    },
  };
}

/** Refuses that an option is missing. */
function refuse(name: keyof MongoStorageOptions, expected: string): never {
  return refuseOption({ subject: CONNECT, name }, undefined, expected);
}

function readDatabase(name: string | undefined): string {
  return name !== undefined && isDatabaseName(name)
    ? name
    : refuseOption({ subject: CONNECT, name: 'database' }, name, A_DATABASE);
}

function isCollectionName(value: unknown): boolean {
  return isText(value) && !/[$\0]|^system\.|^\.|\.$|\.\./.test(value);
}

function isDatabaseName(value: unknown): boolean {
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
