import {
  type Settings,
  boolean,
  isObject,
  isText,
  option,
  readOptions,
  refuseOption,
  text,
} from '../../option-reader.js';
import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { type ClickHouseTables, tablesOf } from './tables.js';

const A_NAME = {
  expected: 'a name of letters, digits, - and _',
  accepts: (value: unknown): boolean => isText(value) && /^[\w-]{1,200}$/.test(value),
};

/** The options of a `ClickHouseStorage` on the application's client. */
export class ClickHouseStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default 'clickhouse' */
  readonly name? = text({ default: 'clickhouse' });
  /** The table of the records; that of summaries has `_summary` behind it. @default 'koa_usage' */
  readonly tableName? = text({ ...A_NAME, default: DEFAULT_TABLE_NAME });
  /**
   * The cluster whose servers have the tables, as `ON CLUSTER` names it: the records are distributed by their ids, and each server has a
   * copy of the summaries. It has been tried on no cluster yet. @default none, a single server
   */
  readonly cluster? = text(A_NAME);
}

/** The options of a `ClickHouseStorage` on the application's client, those without a default as they were given. */
export type GivenNaming = Settings<ClickHouseStorageNaming, Pick<ClickHouseStorageNaming, 'cluster'>>;

/** The options of `ClickHouseStorage.connect`. */
export class ClickHouseStorageOptions extends ClickHouseStorageNaming {
  /**
   * The server's HTTP interface, such as `https://usage.example:8443`; the path of a proxy is `clientOptions.pathname`.
   * @default 'http://127.0.0.1:8123'
   */
  readonly url? = text({
    default: 'http://127.0.0.1:8123',
    isSecret: true,
    expected:
      'a URL with http: or https: that ends with host and port: user, password and database are options of their own, and the path of a ' +
      'proxy is clientOptions.pathname',
    accepts: isPlainUrl,
  });
  /** The user who connects. @default 'default' */
  readonly username? = text({ default: 'default' });
  /** The password of `username`. It is in no log and no error. @default none */
  readonly password? = text({ isSecret: true });
  /** The database, which has to be there. @default 'default' */
  readonly database? = text({ ...A_NAME, default: 'default' });
  /**
   * Whether records are only read: no table is made, and the user needs no right but `SELECT`. For replicas, reports and tools;
   * `trackUsage` refuses such a storage. @default false
   */
  readonly readOnly? = boolean(false);
  /**
   * Further options of `createClient` of `@clickhouse/client`, such as `{ tls: { ca_cert } }`, `{ pathname }` of a proxy, or
   * `{ access_token }` in place of `username` and `password`. @default {}
   */
  readonly clientOptions? = option<object>({ default: {}, expected: 'an object', accepts: isObject });
}

/** The function that takes the options, for errors. */
export const CONNECT = 'ClickHouseStorage.connect';

/** How long an answer may take, in milliseconds: sums of many records take longer than a batch. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Checked options. */
export interface ResolvedConnection {
  readonly name: string;
  readonly tables: ClickHouseTables;
  readonly isReadOnly: boolean;
  /** The database and its host, without a password. */
  readonly target: string;
  /** The options of the client. */
  readonly client: object;
}

/** Options of the client, by those beside `clientOptions` that they are given as; `host` is an earlier name. */
const OWN_OPTIONS = {
  url: 'url',
  host: 'url',
  username: 'username',
  password: 'password',
  database: 'database',
};

/** What is given without a default. */
type Given = Settings<ClickHouseStorageOptions, Pick<ClickHouseStorageOptions, 'cluster' | 'password'>>;

/**
 * Checks the options of `ClickHouseStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveConnection(options: ClickHouseStorageOptions): ResolvedConnection {
  const given: Given = readOptions(CONNECT, ClickHouseStorageOptions, options);
  const { name, tableName, cluster, url, database, readOnly, clientOptions } = given;
  if (readOnly && cluster !== undefined)
    refuseOption({ subject: CONNECT, name: 'cluster' }, cluster, 'none with readOnly, which makes nothing');
  for (const [ofClient, own] of Object.entries(OWN_OPTIONS))
    if (ofClient in clientOptions)
      refuseOption(
        { subject: CONNECT, name: `clientOptions.${ofClient}` },
        null,
        `none: '${own}' is an option beside clientOptions`,
        true,
      );
  return {
    name,
    tables: tablesOf(tableName, cluster),
    isReadOnly: readOnly,
    target: `${database} on ${new URL(url).host}`,
    client: {
      application: 'koa-track-usage',
      request_timeout: REQUEST_TIMEOUT_MS,
      max_open_connections: 4,
      ...clientOptions,
      url,
      database,
      ...credentialsOf(options, given),
    },
  };
}

/** Who connects: a user with a password, or whoever an access token is of, which the client takes instead of both. */
function credentialsOf(
  options: ClickHouseStorageOptions,
  { username, password, clientOptions }: Given,
): object {
  if (!('access_token' in clientOptions)) return { username, password: password ?? '' };
  for (const name of ['username', 'password'] as const)
    if (options[name] !== undefined)
      refuseOption(
        { subject: CONNECT, name },
        null,
        'none beside clientOptions.access_token, which tells who connects',
        true,
      );
  return {};
}

function isPlainUrl(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  // The client would take a path for the database, and what follows for its options.
  const { protocol, username, password, pathname, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && pathname === '/' && `${username}${password}${search}${hash}` === '';
}
