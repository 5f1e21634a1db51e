import { TrackUsageError } from '../../errors.js';
import { OptionReader, isText } from '../../option-reader.js';
import { NOT_FROM_ENVIRONMENT, readDriverOptions, readSecret } from '../mikro-orm/connect-options.js';
import { DEFAULT_TABLE_NAME } from '../mikro-orm/usage-properties.js';
import type { MongoStorageNaming } from './collection-storage.js';

/** The options of `MongoStorage.connect`. */
export interface MongoStorageOptions extends MongoStorageNaming {
  /** The database. @default the one that `clientUrl` names */
  readonly database?: string | undefined;
  /** The collection. It is made if it is missing. @default 'koa_usage' */
  readonly collection?: string | undefined;
  /** The server's host. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** The server's port, from 1 to 65,535. @default 27017 */
  readonly port?: number | undefined;
  /** Who connects. @default nobody: the server lets everybody in */
  readonly username?: string | undefined;
  /** The password of `username`. It is in no log and no error. @default none */
  readonly password?: string | undefined;
  /** The database that knows `username`, often `'admin'`. @default the value of `database` */
  readonly authSource?: string | undefined;
  /**
   * The servers in one text, such as `mongodb://user:password@host1,host2/database?replicaSet=rs0`, instead of `host`,
   * `port`, `username`, `password` and `authSource`.
   */
  readonly clientUrl?: string | undefined;
  /** What the driver's `MongoClient` is given beside it, such as `{ tls: true }`. @default {} */
  readonly driverOptions?: object | undefined;
}

/** What a connection is made from. */
export interface ResolvedConnection {
  readonly collection: string;
  readonly name: string;
  /** Which database, without its password. */
  readonly target: string;
  /** What MikroORM is given, but for the driver and the entity. */
  readonly orm: object;
}

/** Who is at fault, for errors. */
export const CONNECT = 'MongoStorage.connect';

const HOST_OPTIONS = ['host', 'port', 'username', 'password', 'authSource'] as const;

const GO_TOGETHER = 'text, as username and password go together';
const A_URL = "a URL, such as 'mongodb://user@host/database'";
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
  const reader = new OptionReader(CONNECT, options, [
    'database',
    'collection',
    ...HOST_OPTIONS,
    'clientUrl',
    'driverOptions',
    'name',
  ]);
  const url = readSecret(CONNECT, options, 'clientUrl', (text) => URL_PARTS.test(text), A_URL);
  const { clientUrl, hosts, database, clientOptions } =
    url === undefined ? readHost(reader, options) : readUrl(reader, options, url);
  const driverOptions = readDriverOptions(reader);
  return {
    collection: readCollection(reader),
    name: reader.text('name', 'mongo'),
    target: `${database} on ${hosts}`,
    orm: {
      ...NOT_FROM_ENVIRONMENT,
      clientUrl,
      dbName: database,
      driverOptions: { ...clientOptions, ...driverOptions },
      metadataCache: { enabled: false },
    },
  };
}

interface Where {
  readonly clientUrl: string;
  readonly hosts: string;
  readonly database: string;
  readonly clientOptions: object;
}

function readUrl(
  reader: OptionReader<MongoStorageOptions>,
  options: MongoStorageOptions,
  clientUrl: string,
): Where {
  for (const name of HOST_OPTIONS) {
    if (options[name] === undefined) continue;
    throw new TrackUsageError(
      'INVALID_OPTION',
      `${CONNECT}: the option '${name}' was given beside 'clientUrl', which says it; give one of them.`,
    );
  }
  const parts = URL_PARTS.exec(clientUrl)?.groups ?? {};
  const database = reader.text('database', decodeName(parts['database']));
  return {
    clientUrl,
    hosts: parts['hosts'] ?? '',
    database: checkDatabase(reader, database),
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

function readHost(reader: OptionReader<MongoStorageOptions>, options: MongoStorageOptions): Where {
  const host = reader.read(
    'host',
    (value) => isText(value) && !/[/?@,]/.test(value),
    "a host's name or address",
    '127.0.0.1',
  );
  const port = reader.integer('port', { min: 1, max: 65_535, default: 27_017 });
  const database = checkDatabase(reader, reader.text('database', null));
  const username = reader.text('username', undefined);
  const password = readSecret(CONNECT, options, 'password', (text) => text !== '', 'text that is not empty');
  const authSource = reader.text('authSource', database);
  if (username === undefined && password !== undefined) reader.refuse('username', GO_TOGETHER);
  if (username !== undefined && password === undefined) reader.refuse('password', GO_TOGETHER);
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

function checkDatabase(reader: OptionReader<MongoStorageOptions>, name: string | null): string {
  return name !== null && isDatabaseName(name)
    ? name
    : reader.refuse('database', 'a database\'s name, without / \\ . " $ * < > : | ? or space');
}

function readCollection(reader: OptionReader<MongoStorageOptions>): string {
  return reader.read(
    'collection',
    isCollectionName,
    "a collection's name, without $ and not of the system",
    DEFAULT_TABLE_NAME,
  );
}

function isCollectionName(value: unknown): boolean {
  return isText(value) && !/[$\0]|^system\.|^\.|\.$|\.\./.test(value);
}

function isDatabaseName(name: string): boolean {
  return /^[^/\\. "$*<>:|?\0]{1,63}$/.test(name);
}

/** The name in a URL; null if there is none that can be read. */
function decodeName(encoded: string | undefined): string | null {
  try {
    return decodeURIComponent(encoded ?? '') || null;
  } catch {
    return null;
  }
}
