import type { Constructor, IDatabaseDriver } from '@mikro-orm/core';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { resolveConnection } from '../../../../src/storage/mikro-orm/sql/connect-options.js';
import { refusalOf } from '../../../support/refusal.js';

type Driver = Constructor<IDatabaseDriver>;

/** Mistakes in which a password stands, and the option that is named. */
const MISTAKES: readonly (readonly [driver: Driver, option: string, options: object])[] = [
  [SqliteDriver, 'password', { dbName: 'usage.db', password: 'hunter2' }],
  [SqliteDriver, 'clientUrl', { dbName: 'usage.db', clientUrl: 'postgres://ada:hunter2@db/app' }],
  [SqliteDriver, 'dbName', { dbName: 'postgres://ada:hunter2@db/app' }],
  [LibSqlDriver, 'dbName', { dbName: 'wss://db.example.com?authToken=hunter2' }],
  [LibSqlDriver, 'clientUrl', { clientUrl: 'wss://db.example.com?authToken=hunter2' }],
  [LibSqlDriver, 'clientUrl', { clientUrl: 'libsql://hunter2@' }],
  [LibSqlDriver, 'password', { dbName: 'usage.db', password: 'hunter2' }],
  [LibSqlDriver, 'password', { dbName: 'https://db.example.com', password: ['hunter2'] }],
  [PostgreSqlDriver, 'password', { dbName: 'app', password: ['hunter2'] }],
  [PostgreSqlDriver, 'dbName', { dbName: 'postgres://ada:hunter2@db/app' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'ada:hunter2@db/app' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:hunter2#@db/app' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:2/hunter2@db/app' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:2?hunter2@db/app' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:hunter2@db/%zz' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: ['postgres://ada:hunter2@db/app'] }],
];

describe('The options of a connection of its own', () => {
  for (const [driver, option, options] of MISTAKES) {
    it(`keep a password to themselves: ${driver.name} refuses ${JSON.stringify(options)}`, () => {
      const error = refusalOf(() => resolveConnection({ driver, ...options }));
      expect(error.code).to.equal('INVALID_OPTION');
      expect(error.message)
        .to.include(`the option '${option}' cannot be used (its value is not shown); expected`)
        .and.not.include('hunter2');
    });
  }

  for (const [clientUrl, target] of [
    ['postgres://ada:hunter2@db:5433/app', 'app on db:5433'],
    ['postgres://ada:hunt%2Fer%402@db/my%20app?ssl=true', 'my app on db'],
    ['postgres://db/app?user=ada@tenant', 'app on db'],
    ['postgres:///app?host=/run/postgresql', 'app on the default host'],
  ] as const) {
    it(`name a database without its password: ${clientUrl}`, () => {
      expect(resolveConnection({ driver: PostgreSqlDriver, clientUrl }).target).to.equal(target);
    });
  }

  for (const dbName of ['file:usage.db', 'file:///data/usage.db', 'C:/usage.db', ':memory:']) {
    it(`take a file: ${dbName}`, () => {
      expect(resolveConnection({ driver: LibSqlDriver, dbName }).target).to.equal(dbName);
    });
  }

  for (const port of [0, 65_536, 1.5]) {
    it(`refuse the port ${port}`, () => {
      const options = { driver: PostgreSqlDriver, dbName: 'app', port };
      expect(refusalOf(() => resolveConnection(options)).message).to.match(
        /'port' is .*an integer from 1 to 65535/,
      );
    });
  }
});
