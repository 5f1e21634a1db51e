import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MikroORM, type Options, SqliteDriver } from '@mikro-orm/sqlite';
import { SqlStorage, Usage } from '../../src/storage/mikro-orm/sql/index.js';

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
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** A MikroORM as an application has it, with our entity among its own, and the schema made. */
export async function applicationOrm(options: Options = {}): Promise<MikroORM> {
  const orm = await MikroORM.init({
    driver: SqliteDriver,
    dbName: ':memory:',
    entities: [Usage],
    ...options,
  } as Options);
  await orm.schema.create();
  return orm;
}

/** A storage on its own connection. */
export function connectSqlite(dbName: string, tableName?: string): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: SqliteDriver, dbName, ...(tableName !== undefined && { tableName }) });
}
