import type { Constructor } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import {
  JetStreamStorageOptions,
  resolveConnection as connectJetStream,
} from '../../src/backends/jetstream/connect-options.js';
import { ClickHouseStorage } from '../../src/backends/clickhouse/index.js';
import {
  ClickHouseStorageNaming,
  ClickHouseStorageOptions,
  resolveConnection as connectClickHouse,
} from '../../src/backends/clickhouse/options.js';
import { MongoStorageNaming } from '../../src/backends/mongo/collection-storage.js';
import {
  MongoStorageOptions,
  resolveConnection as connectMongo,
} from '../../src/backends/mongo/connect-options.js';
import { MongoPiggybackStorage } from '../../src/backends/mongo/index.js';
import { PrinterOptions } from '../../src/backends/printer/printer-storage.js';
import {
  SqlStorageNaming,
  SqlStorageOptions,
  resolveConnection as connectSql,
} from '../../src/backends/sql/connect-options.js';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { BasicAuthOptions } from '../../src/dashboard/basic-auth.js';
import { basicAuth, usageDashboard } from '../../src/dashboard/index.js';
import { DashboardOptions } from '../../src/dashboard/dashboard-options.js';
import { HttpGeoOptions, httpGeo } from '../../src/geo/http-geo.js';
import { MaxmindGeoOptions, maxmindGeo } from '../../src/geo/maxmind-geo.js';
import { PrinterStorage, Tracked, deprecated, trackUsage } from '../../src/index.js';
import { DataPolicy } from '../../src/metadata/data-policy.js';
import { DeprecationOptions } from '../../src/metadata/deprecation.js';
import { kindsOf } from '../../src/option-reader.js';
import { CloseOptions } from '../../src/options/closing-options.js';
import { TrackUsageOptions, resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { MemoryStorage, MemoryStorageOptions } from '../../src/testing/memory-storage.js';
import { ConsumeOptions, resolveConsumeOptions } from '../../src/worker/consume-options.js';

/** A table of options, and the function that takes them. */
export interface OptionTable {
  /** The function, as errors name it. */
  readonly subject: string;
  /** The option that holds these, if they are nested. */
  readonly holder?: string;
  readonly table: Constructor<object>;
  /** Hands options to the function. */
  readonly use: (options: unknown) => unknown;
}

/** A value for each option that has to be given. */
export const REQUIRED: Readonly<Record<string, unknown>> = {
  driver: PostgreSqlDriver,
  url: 'https://geo.example/{ip}',
  path: 'City.mmdb',
  lookup: () => null,
  dir: '/spool',
  records: { days: 30 },
  since: '2026-01-01',
  username: 'admin',
  password: 'secret',
  servers: 'nats://127.0.0.1',
  stream: 'usage',
};

/** Options of a table, with those that have to be given. */
export function withRequired(table: Constructor<object>, options: object = {}): object {
  const missing = Object.entries(kindsOf(table)).filter(([, kind]) => kind.isRequired);
  return { ...Object.fromEntries(missing.map(([name]) => [name, REQUIRED[name]])), ...options };
}

const FUNCTIONS: readonly [subject: string, table: Constructor<object>, use: (options: never) => unknown][] =
  [
    ['trackUsage', TrackUsageOptions, resolveTrackerOptions],
    ['@Tracked()', DataPolicy, (options) => Tracked(options)],
    ['deprecated()', DeprecationOptions, (options) => deprecated(options)],
    [
      'tracker.close',
      CloseOptions,
      (options) => trackUsage({ storage: new MemoryStorage() }).tracker.close(options),
    ],
    ['SqlStorage.connect', SqlStorageOptions, connectSql],
    ['new SqlStorage(orm, options)', SqlStorageNaming, (options) => new SqlStorage({} as never, options)],
    ['MongoStorage.connect', MongoStorageOptions, connectMongo],
    [
      'new MongoPiggybackStorage(…, options)',
      MongoStorageNaming,
      (options) => new MongoPiggybackStorage({} as never, options),
    ],
    ['JetStreamStorage.connect', JetStreamStorageOptions, connectJetStream],
    ['consumeUsage', ConsumeOptions, resolveConsumeOptions],
    ['ClickHouseStorage.connect', ClickHouseStorageOptions, connectClickHouse],
    [
      'new ClickHouseStorage(client, options)',
      ClickHouseStorageNaming,
      (options) => new ClickHouseStorage({} as never, options),
    ],
    ['new PrinterStorage', PrinterOptions, (options) => new PrinterStorage(options)],
    ['new MemoryStorage', MemoryStorageOptions, (options) => new MemoryStorage(options)],
    ['httpGeo', HttpGeoOptions, httpGeo],
    ['maxmindGeo', MaxmindGeoOptions, maxmindGeo],
    ['usageDashboard', DashboardOptions, usageDashboard],
    ['basicAuth', BasicAuthOptions, basicAuth],
  ];

/** The tables that an option of a function holds. */
function nestedIn({ subject, table, use }: OptionTable): OptionTable[] {
  return Object.entries(kindsOf(table)).flatMap(([holder, kind]) =>
    kind.table === undefined
      ? []
      : [{ subject, holder, table: kind.table, use: (options: unknown) => use({ [holder]: options }) }],
  );
}

/** Every table that there is. */
export const OPTION_TABLES: readonly OptionTable[] = FUNCTIONS.flatMap(([subject, table, take]) => {
  const own: OptionTable = { subject, table, use: (options) => take(options as never) };
  return [own].concat(nestedIn(own));
});
