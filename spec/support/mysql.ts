import { MikroORM, type Options } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { type Connection, createConnection } from 'mysql2/promise';
import { SqlStorage, type SqlStorageOptions, Usage, UsageSalt } from '../../src/backends/sql/index.js';

/** A MikroORM as an application has it, with our entity among its own and the schema made. */
export async function mySqlOrm(clientUrl: string, options: Partial<Options> = {}): Promise<MikroORM> {
  const defaults: Partial<Options> = {
    driver: MariaDbDriver,
    clientUrl,
    entities: [Usage, UsageSalt],
    pool: { min: 0, max: 3 },
    ensureDatabase: false,
  };
  const orm = await MikroORM.init({ ...defaults, ...options });
  await orm.schema.refresh();
  return orm;
}

/** A storage on its own connection. */
export function connectMySql(
  clientUrl: string,
  options: Partial<SqlStorageOptions> = {},
): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: MariaDbDriver, clientUrl, ...options });
}

/** Another connection, as another program would have it. */
export function openMySql(url: string): Promise<Connection> {
  return createConnection(url);
}
