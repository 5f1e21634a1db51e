import { MikroORM, type Options } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg from 'pg';
import {
  SqlStorage,
  type SqlStorageOptions,
  Usage,
  UsageSalt,
} from '../../src/storage/mikro-orm/sql/index.js';
import type { FreshDatabase } from './servers.js';

/** A MikroORM as an application has it on PostgreSQL, with our entity among its own. */
export function initPostgresOrm(database: FreshDatabase, options: Partial<Options> = {}): Promise<MikroORM> {
  const defaults: Partial<Options> = {
    driver: PostgreSqlDriver,
    clientUrl: database.url,
    entities: [Usage, UsageSalt],
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
