import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** How segments end; what else lies in a folder is not one. */
export const SEGMENT_SUFFIX = '.ndjson';

const LOCK = 'lock';
const OWNER = 'owner.json';

/** The names of such folders. While one is being made, a dot stands in front. */
const NAME = /^[0-9a-f]{8}$/;

/** A folder of another machine whose owner has not been seen for so long is an orphan, in milliseconds. */
const STALE_MS = 300_000;

/**
 * The folder of one live process. It holds a socket that the process listens on: the kernel closes it when the
 * process dies, however it dies, and so tells others whether the folder still has an owner. Between machines that
 * share a disk, which do not see each other's sockets, the owner's last sign of life decides.
 */
export class OwnFolder {
  /** Where this process's segments go. */
  readonly path: string;
  readonly #parent: string;
  readonly #lock: Server;

  private constructor(parent: string, path: string, lock: Server) {
    this.#parent = parent;
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes a folder and takes its lock. Nobody sees the folder before it is locked.
   *
   * @param parent - the folder of one storage's spool
   */
  static async make(parent: string): Promise<OwnFolder> {
    const name = randomBytes(4).toString('hex');
    const hidden = join(parent, `.${name}`);
    let lock: Server | undefined;
    try {
      await mkdir(hidden, { recursive: true });
      await writeFile(join(hidden, OWNER), JSON.stringify({ host: hostname(), pid: process.pid }));
      lock = await listen(lockPath(hidden, name));
      await rename(hidden, join(parent, name));
    } catch (error) {
      lock?.close();
      await rm(hidden, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
    return new OwnFolder(parent, join(parent, name), lock);
  }

  /** Shows other machines that this process lives. */
  async showLife(): Promise<void> {
    const now = new Date();
    await utimes(join(this.path, OWNER), now, now);
  }

  /**
   * Moves the segments of processes that died into this folder. A segment is moved by one process only, as a file
   * can be renamed away just once.
   *
   * @param report - learns why a folder could not be adopted, or not be removed
   * @returns the segments' paths, oldest first
   * @throws what the file system threw, if it cannot tell what folders there are
   */
  async adoptOrphans(report: (error: Error) => void): Promise<string[]> {
    const adopted: string[] = [];
    const entries = await readdir(this.#parent, { withFileTypes: true });
    for (const entry of entries.filter((candidate) => candidate.isDirectory() && NAME.test(candidate.name))) {
      const folder = join(this.#parent, entry.name);
      try {
        if (folder === this.path || (await hasOwner(folder, entry.name))) continue;
        adopted.push(...(await this.#adopt(folder, entry.name)));
        await removeEmpty(folder);
      } catch (error) {
        report(error as Error);
      }
    }
    return adopted;
  }

  /** Gives the lock back, and removes the folder if no segment is left in it. */
  async release(): Promise<void> {
    await new Promise((resolve) => this.#lock.close(resolve));
    await removeEmpty(this.path);
  }

  async #adopt(folder: string, name: string): Promise<string[]> {
    const segments = (await readdir(folder).catch(() => []))
      .filter((file) => file.endsWith(SEGMENT_SUFFIX))
      .toSorted();
    const adopted: string[] = [];
    for (const segment of segments) {
      // The first owner's name is enough: one more at every death would outgrow what a file may be called.
      const path = join(this.path, segment.includes('-') ? segment : `${name}-${segment}`);
      const isMine = await rename(join(folder, segment), path).then(
        () => true,
        () => false,
      );
      if (isMine) adopted.push(path);
    }
    return adopted;
  }
}

/** Removes a folder without segments, and in it nothing but what this module puts there. */
async function removeEmpty(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  if (files.some((file) => file !== LOCK && file !== OWNER)) return;
  for (const file of files) await rm(join(folder, file), { force: true });
  await rmdir(folder).catch(() => {});
}

/** Whether a folder's process lives. */
async function hasOwner(folder: string, name: string): Promise<boolean> {
  const host = await readFile(join(folder, OWNER), 'utf8').then(ownerHost, () => hostname());
  if (host === hostname()) return isListening(lockPath(folder, name));
  const seenMs = await stat(join(folder, OWNER)).then(({ mtimeMs }) => mtimeMs, never);
  return Date.now() - seenMs < STALE_MS;
}

/** A file that is gone was adopted by somebody else in this moment: there is nothing to find any more. */
function never(error: NodeJS.ErrnoException): number {
  if (error.code === 'ENOENT') return -Infinity;
  throw error;
}

function ownerHost(text: string): string {
  try {
    return String((JSON.parse(text) as { host?: unknown }).host);
  } catch {
    return hostname();
  }
}

/** Windows has named pipes instead of socket files. */
function lockPath(folder: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\koa-track-usage-${name}` : join(folder, LOCK);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    // In a worker of a cluster, it would be the primary's, which closes it when the worker disconnects and lives on.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server.unref());
    });
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Only a refusal or a missing file says that nobody listens; a full backlog, say, is somebody's.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

/** Whether a file or its folder is not there any more, or something else is in its place. */
export function hasVanished(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Names of storages that are those of their folders as well: short, as the path of a socket has to be, and such that every
 * file system takes them and tells them apart, also one that knows no upper case or reserves the names of devices.
 */
const PLAIN_NAME = /^(?!(?:aux|con|nul|prn|com\d|lpt\d)$)[a-z0-9][a-z0-9_-]{0,15}$/;

/**
 * The folder of one storage's spool, whatever the storage is called.
 *
 * @param dir - the folder of the option `spool.dir`
 */
export function spoolFolder(dir: string, storage: string): string {
  if (PLAIN_NAME.test(storage)) return join(dir, storage);
  return join(dir, `~${createHash('sha256').update(storage).digest('hex').slice(0, 15)}`);
}
