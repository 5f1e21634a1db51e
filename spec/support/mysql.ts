import { MikroORM, type Options } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { MySqlDriver } from '@mikro-orm/mysql';
import { type Connection, createConnection } from 'mysql2/promise';
import { SqlStorage, type SqlStorageOptions, usageEntities } from '../../src/backends/sql/index.js';
import { describeOn, describeOnOwn } from './describe-on.js';
import type { OwnServer, TestServer } from './servers.js';

/** A MikroORM as an application has it, with our entity among its own and the schema made. */
export async function mySqlOrm(clientUrl: string, options: Partial<Options> = {}): Promise<MikroORM> {
  const defaults: Partial<Options> = {
    driver: MariaDbDriver,
    clientUrl,
    entities: usageEntities(),
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

/** How a suite talks to its server. */
export interface MySqlClient {
  readonly driver: typeof MariaDbDriver | typeof MySqlDriver;
  readonly mySqlOrm: typeof mySqlOrm;
  readonly connectMySql: typeof connectMySql;
}

type Body<Server> = (this: Mocha.Suite, server: () => Server, client: MySqlClient) => void;

function clientOf(driver: MySqlClient['driver']): MySqlClient {
  return {
    driver,
    mySqlOrm: (clientUrl, options) => mySqlOrm(clientUrl, { driver, ...options }),
    connectMySql: (clientUrl, options) => connectMySql(clientUrl, { driver, ...options }),
  };
}

/** Each engine, with the driver that is made for it. */
const CLIENTS = { mariadb: clientOf(MariaDbDriver), mysql: clientOf(MySqlDriver) } as const;
const ENGINES = ['mariadb', 'mysql'] as const;

/** A suite on MariaDB, and the same on MySQL. */
export function describeOnMySql(body: Body<TestServer>): void {
  for (const name of ENGINES) {
    describeOn(name, function (server) {
      body.call(this, server, CLIENTS[name]);
    });
  }
}

/** {@link describeOnMySql} with a server of its own for each. */
export function describeOnOwnMySql(body: Body<OwnServer>): void {
  for (const name of ENGINES) {
    describeOnOwn(name, function (server) {
      body.call(this, server, CLIENTS[name]);
    });
  }
}
