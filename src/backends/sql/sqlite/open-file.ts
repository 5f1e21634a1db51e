import { existsSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { MikroORM } from '@mikro-orm/core';
import { type NativeDatabase, fileOf } from './native-client.js';

/** Where a connection's file was when it was noted, and which file that was; null for none. */
interface OpenFile {
  readonly path: string | null;
  readonly identity: string | null;
}

/** The files that connections have open. */
export const openFiles = new WeakMap<NativeDatabase, OpenFile>();

/** Notes which file a connection has open. */
export async function noteFile(database: NativeDatabase): Promise<void> {
  const path = fileOf(database);
  openFiles.set(database, { path, identity: path === null ? null : await identityOf(path) });
}

/** Where a connection's file was that was deleted, moved or replaced since it was noted; null if it has its name. */
export async function lostPath(database: NativeDatabase): Promise<string | null> {
  const { path = null, identity = null } = openFiles.get(database) ?? {};
  const isThere = path === null || (identity !== null && identity === (await identityOf(path)));
  return isThere ? null : path;
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

/** Makes an empty database for this user alone, whatever the umask: SQLite gives its log the rights of the database. */
export async function makePrivately(file: string): Promise<void> {
  // One that is there is somebody's, and the driver says why it cannot be made.
  const handle = await open(file, 'wx', 0o600).catch(() => null);
  await handle?.chmod(0o600).catch(() => {});
  await handle?.close();
}

async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as { code: string }).code)) return null;
    throw error;
  }
}
