import { MikroORM, type Options } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg from 'pg';
import { SqlStorage, type SqlStorageOptions, usageEntities } from '../../src/backends/sql/index.js';
import type { FreshDatabase, TestServer } from './servers.js';

/** A MikroORM as an application has it on PostgreSQL, with our entity among its own. */
export function initPostgresOrm(database: FreshDatabase, options: Partial<Options> = {}): Promise<MikroORM> {
  const defaults: Partial<Options> = {
    driver: PostgreSqlDriver,
    clientUrl: database.url,
    entities: usageEntities(),
    ensureDatabase: false,
    logger: () => {},
  };
  return MikroORM.init({ ...defaults, ...options });
}

/** The same with the schema made. */
export async function postgresOrm(
  database: FreshDatabase,
  options: Partial<Options> = {},
): Promise<MikroORM> {
  const orm = await initPostgresOrm(database, options);
  await orm.schema.create();
  return orm;
}

/** A storage on its own connection. */
export function connectPostgres(
  database: FreshDatabase,
  options: Partial<SqlStorageOptions> = {},
): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: database.url, ...options });
}

/** Another program's connection. */
export async function postgresClient(database: FreshDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A database for the specs of one suite, and another program's connection to it. */
export interface SuiteDatabase {
  readonly database: () => FreshDatabase;
  readonly run: (sql: string) => Promise<void>;
  /** Sets the zone of connections that are made from now on; null for the server's. */
  readonly setZone: (zone: string | null) => Promise<void>;
}

/** Makes a database before the specs of the suite that it is called in, and drops it after them. */
export function suiteDatabase(server: () => TestServer): SuiteDatabase {
  let database: FreshDatabase;
  let client: pg.Client;

  before(async () => {
    database = await server().freshDatabase();
    client = await postgresClient(database);
  });

  after(async () => {
    await client.end();
    await database.drop();
  });

  const run = async (sql: string): Promise<void> => {
    await client.query(sql);
  };
  return {
    database: () => database,
    run,
    setZone: (zone) =>
      run(
        `alter database "${database.name}" ${zone === null ? 'reset timezone' : `set timezone = '${zone}'`}`,
      ),
  };
}
