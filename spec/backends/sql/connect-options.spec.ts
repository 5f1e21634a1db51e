import type { Constructor, IDatabaseDriver } from '@mikro-orm/core';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { resolveConnection } from '../../../src/backends/sql/connect-options.js';
import { refusalOf } from '../../support/refusal.js';

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
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:hunter2@db/app?sslmode=require' }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: 'postgres://ada:hunter2@db/app?sslrootcert=ca.pem' }],
  [MariaDbDriver, 'clientUrl', { clientUrl: 'mysql://ada:hunter2@db/app?ssl={}', driverOptions: { a: 1 } }],
  [PostgreSqlDriver, 'clientUrl', { clientUrl: ['postgres://ada:hunter2@db/app'] }],
  [PostgreSqlDriver, 'host', { dbName: 'app', host: ['postgres://ada:hunter2@db/app'] }],
  [PostgreSqlDriver, 'host', { dbName: 'app', host: 'postgres://ada:hunter2@db/app' }],
  [PostgreSqlDriver, 'host', { dbName: 'app', host: 'ada:hunter2@db' }],
  [PostgreSqlDriver, 'user', { dbName: 'app', user: 'postgres://ada:hunter2@db/app' }],
  [PostgreSqlDriver, 'user', { dbName: 'app', user: 'ada:hunter2' }],
  [PostgreSqlDriver, 'schema', { dbName: 'app', schema: 'postgres://ada:hunter2@db/app' }],
  [PostgreSqlDriver, 'dbName', { dbName: ['ada:hunter2@db'] }],
  [PostgreSqlDriver, 'tableName', { dbName: 'app', tableName: 'postgres://ada:hunter2@db.example/app' }],
  [MariaDbDriver, 'tableName', { dbName: 'app', tableName: 'mysql://ada:hunter2@db/app' }],
];

describe('The options of a connection of its own', () => {
  for (const [driver, option, options] of MISTAKES) {
    it(`keep a password to themselves: ${driver.name} refuses ${JSON.stringify(options)}`, () => {
      const error = refusalOf(() => resolveConnection({ driver, ...options }));
      expect(error.code).to.equal('INVALID_OPTION');
      expect(error.message)
        .to.include(`the option '${option}' `)
        .and.match(/ (?:cannot be used \(its value is not shown\)|is \W*\w+:.*…'?); expected/)
        .and.not.include('hunter2');
    });
  }

  for (const [clientUrl, target] of [
    ['postgres://ada:hunter2@db:5433/app', 'app on db:5433'],
    ['postgres://ada:hunt%2Fer%402@db/my%20app?ssl=false', 'my app on db'],
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

  it('say where TLS is asked for, and take a URL that asks for it beside that', () => {
    const clientUrl = 'postgres://ada:hunter2@db/app?sslmode=verify-full';
    const error = refusalOf(() => resolveConnection({ driver: PostgreSqlDriver, clientUrl }));
    expect(error.message).to.include('give driverOptions: { ssl: true } instead');
    const driverOptions = { ssl: true };
    expect(resolveConnection({ driver: PostgreSqlDriver, clientUrl, driverOptions }).target).to.equal(
      'app on db',
    );
  });

  for (const mode of ['disable', 'allow', 'prefer', '']) {
    it(`take a URL that can do without TLS: sslmode=${mode}`, () => {
      const clientUrl = `postgres://ada@db/app?sslmode=${mode}`;
      expect(resolveConnection({ driver: PostgreSqlDriver, clientUrl }).target).to.equal('app on db');
    });
  }

  for (const clientUrl of ['postgres://ada:hunter2@db', 'postgres://ada:hunter2@db:5432/?schema=usage']) {
    it(`ask for the database that is missing: ${clientUrl}`, () => {
      const error = refusalOf(() => resolveConnection({ driver: PostgreSqlDriver, clientUrl }));
      expect(error.message)
        .to.include("'dbName' is undefined; expected a database's name, or the option 'clientUrl' with one")
        .and.not.include('hunter2');
      const { target } = resolveConnection({ driver: PostgreSqlDriver, clientUrl, dbName: 'app' });
      expect(target).to.match(/^app on db/);
    });
  }

  for (const [driver, tableName, expected] of [
    [PostgreSqlDriver, 'x'.repeat(51), 'at most 50 bytes'],
    [PostgreSqlDriver, 'ü'.repeat(26), 'at most 50 bytes'],
    [MariaDbDriver, 'x'.repeat(52), 'at most 51 characters'],
    [MariaDbDriver, '😀', 'none of them of four bytes'],
    [MariaDbDriver, 'usage ', 'no space at its end'],
    [SqliteDriver, 'a\0b', 'without a dot'],
  ] as const) {
    it(`refuse a table that ${driver.name} cannot call ${JSON.stringify(tableName)}`, () => {
      const error = refusalOf(() => resolveConnection({ driver, dbName: 'app', tableName }));
      expect(error.message).to.include("the option 'tableName' is").and.include(expected);
    });
  }

  for (const [driver, options, expected] of [
    [MariaDbDriver, {}, 'on PostgreSQL alone'],
    [SqliteDriver, {}, 'on PostgreSQL alone'],
    [PostgreSqlDriver, { readOnly: true }, 'none with readOnly'],
  ] as const) {
    it(`refuse partitions where none can be made: ${driver.name} ${JSON.stringify(options)}`, () => {
      const given = { driver, dbName: 'app', partition: 'month', ...options } as const;
      const error = refusalOf(() => resolveConnection(given));
      expect(error.message).to.include("the option 'partition' is 'month'").and.include(expected);
    });
  }

  for (const [driver, tableName] of [
    [PostgreSqlDriver, 'ü'.repeat(25)],
    [MariaDbDriver, 'ü'.repeat(51)],
    [SqliteDriver, 'x'.repeat(500)],
  ] as const) {
    it(`take a long name of a table: ${driver.name}`, () => {
      expect(resolveConnection({ driver, dbName: 'app', tableName }).tableName).to.equal(tableName);
    });
  }
});
