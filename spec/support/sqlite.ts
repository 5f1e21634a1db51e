import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Constructor, type IDatabaseDriver, MikroORM, type Options } from '@mikro-orm/core';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { type NativeDatabase, sqliteConnection } from '../../src/backends/sql/sqlite/native-client.js';
import { SqlStorage, usageEntities } from '../../src/backends/sql/index.js';

/** The clients that share SQLite's writer. */
export const SQLITE_CLIENTS: readonly (readonly [title: string, driver: Constructor<IDatabaseDriver>])[] = [
  ['SQLite', SqliteDriver],
  ['libSQL', LibSqlDriver],
];

/** A folder that is removed after the spec. */
export interface TemporaryFolder {
  readonly path: string;
  file(name: string): string;
  remove(): Promise<void>;
}

/** Makes a folder for databases. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'koa-track-usage-'));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}

/**
 * Gives every spec of a suite a folder of its own.
 *
 * @param finish - what has to be over before the folder is removed
 * @returns the folder of the spec that runs
 */
export function useTemporaryFolder(
  finish: () => Promise<void> = () => Promise.resolve(),
): Pick<TemporaryFolder, 'path' | 'file'> {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    await finish();
    await folder.remove();
  });

  return {
    get path() {
      return folder.path;
    },
    file: (name) => folder.file(name),
  };
}

/** A MikroORM as an application has it, with our entity among its own. */
export function initOrm(options: Partial<Options> = {}): Promise<MikroORM> {
  const defaults: Partial<Options> = {
    driver: SqliteDriver,
    dbName: ':memory:',
    entities: usageEntities(),
  };
  return MikroORM.init({ ...defaults, ...options });
}

/** The same with the schema made. */
export async function applicationOrm(options: Partial<Options> = {}): Promise<MikroORM> {
  const orm = await initOrm(options);
  await orm.schema.create();
  return orm;
}

/** A storage on its own connection. */
export function connectSqlite(
  dbName: string,
  tableName?: string,
  driver: Constructor<IDatabaseDriver> = SqliteDriver,
): Promise<SqlStorage> {
  return SqlStorage.connect({ driver, dbName, tableName });
}

/**
 * Another connection to a file, as another program would have it: better-sqlite3 itself. Two libraries in one process
 * do not see each other's locks, so it has to be the one whose locks are looked at.
 */
export async function openNative(
  dbName: string,
  driver: Constructor<IDatabaseDriver> = SqliteDriver,
): Promise<{ database: NativeDatabase; close(): Promise<void> }> {
  const orm = await initOrm({ dbName, driver });
  return { database: await sqliteConnection(orm).getNativeClient(), close: () => orm.close(true) };
}

/** Runs a statement in a file as another program would. */
export async function executeNative(
  dbName: string,
  sql: string,
  driver: Constructor<IDatabaseDriver> = SqliteDriver,
): Promise<void> {
  const native = await openNative(dbName, driver);
  native.database.exec(sql);
  await native.close();
}

/** A rule of the user's own, that takes no records with these ids: SQLite adds no constraint to a table that is there. */
export function poisonTrigger(ids: readonly string[]): string {
  const list = ids.map((id) => `'${id}'`).join(', ');
  return (
    `create trigger poison before insert on koa_usage when new.id in (${list}) ` +
    "begin select raise(abort, 'poisoned'); end"
  );
}
