import { type BigIntStats, existsSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { MikroORM } from '@mikro-orm/core';
import { type NativeDatabase, fileOf } from './native-client.js';

/** So large a write-ahead log is told of, in bytes. Without readers that hold it, it has some 4 MiB. */
const LARGE_LOG_BYTES = 64 * 2 ** 20;

/** A connection's file: where it was when it was noted, and which file that was. Null for a database in memory. */
type OpenFile = { readonly path: string; readonly identity: string | null; isLogLarge: boolean } | null;

/** The files that connections have open. */
export const openFiles = new WeakMap<NativeDatabase, OpenFile>();

/** Notes which file a connection has open. */
export async function noteFile(database: NativeDatabase): Promise<void> {
  const path = fileOf(database);
  const file = path && { path, identity: identityOf(await statOf(path)), isLogLarge: false };
  openFiles.set(database, file || null);
}

/**
 * Finds out whether a connection's file was deleted, moved or replaced since it was noted; warns once where its write-ahead
 * log has become large.
 *
 * @returns the path that the file had; null if it has it still
 */
export async function findLoss(database: NativeDatabase): Promise<string | null> {
  const file = openFiles.get(database);
  if (!file) return null;
  const { path, identity } = file;
  if (identity === null || identity !== identityOf(await statOf(path))) return path;
  const isLogLarge = Number((await statOf(`${path}-wal`))?.size) > LARGE_LOG_BYTES;
  if (isLogLarge && !file.isLogLarge)
    process.emitWarning(
      `koa-track-usage: the write-ahead log of the SQLite file '${path}' has passed 64 MiB, as another connection has been ` +
        'reading in one transaction since. End that transaction; SQLite then uses the log anew.',
    );
  file.isLogLarge = isLogLarge;
  return null;
}

/** Opens the file that a path leads to now, on a connection of our own; makes one where there is none. */
export async function openAnew(orm: MikroORM, path: string): Promise<void> {
  if (!existsSync(path)) {
    // SQLite would take the log of a lost file for that of the new one.
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
    if (!('fileMustExist' in orm.config.get('driverOptions'))) await makePrivately(path);
  }
  await orm.reconnect();
}

/** Makes an empty database for this user alone, under any umask: SQLite gives its log the rights of the database. */
export async function makePrivately(file: string): Promise<void> {
  // A file that is there keeps its rights, and the driver says why a file cannot be made.
  const handle = await open(file, 'wx', 0o600).catch(() => null);
  await handle?.chmod(0o600).catch(() => {});
  await handle?.close();
}

async function statOf(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as { code: string }).code)) return null;
    throw error;
  }
}

function identityOf(found: BigIntStats | null): string | null {
  return found && `${found.dev} ${found.ino}`;
}
