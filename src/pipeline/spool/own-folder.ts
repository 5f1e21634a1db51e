import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, lstat, lutimes, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { NOT_A_FILE, notAFile, readRegularFile } from './regular-file.js';

/** How the names of segments end; no other file of a folder is one. */
export const SEGMENT_SUFFIX = '.ndjson';

const LOCK = 'lock';
const OWNER = 'owner.json';

/** The names of processes' folders. While a folder is being made, a dot stands in front of its name. */
const NAME = /^[0-9a-f]{8}$/;

/** A folder whose lock says nothing is an orphan when its owner has not been seen for so long, in milliseconds. */
const STALE_MS = 300_000;

const IS_WINDOWS = process.platform === 'win32';

/**
 * The folder of one live process. It holds a socket that the process listens on: the kernel closes it when the
 * process dies, however it dies, and so tells others whether the folder still has an owner. Between machines that
 * share a disk, which do not see each other's sockets, the owner's last sign of life decides.
 */
export class OwnFolder {
  /** Where this process's segments go. */
  readonly path: string;
  readonly #parent: string;
  #lock: Server;
  #isReleased = false;

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
      await makePrivate(hidden);
      await writeOwner(hidden);
      lock = await listen(lockPath(hidden, name));
      await rename(hidden, join(parent, name));
    } catch (error) {
      lock?.close();
      await rm(hidden, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
    return new OwnFolder(parent, join(parent, name), lock);
  }

  /** Shows others that this process lives, also after somebody has tidied up its lock or its owner file. */
  async showLife(): Promise<void> {
    const now = new Date();
    await lutimes(join(this.path, OWNER), now, now).catch(() => writeOwner(this.path));
    if (IS_WINDOWS || (await succeeds(stat(join(this.path, LOCK))))) return;
    await closeServer(this.#lock);
    const hidden = join(this.path, `.${LOCK}`);
    this.#lock = await listen(hidden);
    await rename(hidden, join(this.path, LOCK));
  }

  /**
   * Moves the segments of processes that died into this folder, one a step. A segment is moved by one process only, as a file
   * can be renamed away just once.
   *
   * @param report - learns why a folder or a segment could not be adopted, or a folder not be removed
   * @returns the segments' paths, those of a folder oldest first
   * @throws the file system's error, if the folders cannot be listed
   */
  async *orphans(report: (error: Error) => void): AsyncGenerator<string, void> {
    const entries = await readdir(this.#parent, { withFileTypes: true });
    for (const entry of entries.filter((candidate) => candidate.isDirectory() && NAME.test(candidate.name))) {
      const folder = join(this.#parent, entry.name);
      if (this.#isReleased) return;
      try {
        if (folder === this.path || (await hasOwner(folder, entry.name))) continue;
        yield* this.#adopt(folder, entry.name, report);
        await removeEmpty(folder);
      } catch (error) {
        report(error as Error);
      }
    }
  }

  /** Gives the lock back, and removes the folder if no segment is left in it. */
  async release(): Promise<void> {
    this.#isReleased = true;
    // Without the owner file, nobody waits for a sign of life where the lock has gone.
    await rm(join(this.path, OWNER), { force: true });
    await closeServer(this.#lock);
    await removeEmpty(this.path);
  }

  async *#adopt(folder: string, name: string, report: (error: Error) => void): AsyncGenerator<string, void> {
    const files = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const segments = files.filter((file) => file.name.endsWith(SEGMENT_SUFFIX));
    for (const segment of segments.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      if (this.#isReleased) return;
      if (!segment.isFile()) {
        report(notAFile(join(folder, segment.name)));
        continue;
      }
      // The first owner's name is enough: one more at every death would outgrow what a file may be called.
      const path = join(this.path, segment.name.includes('-') ? segment.name : `${name}-${segment.name}`);
      if (await succeeds(rename(join(folder, segment.name), path))) yield path;
    }
  }
}

/** Removes a folder in which nothing is left but its lock and its owner file. */
async function removeEmpty(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  if (files.some((file) => file !== LOCK && file !== OWNER)) return;
  for (const file of files) await rm(join(folder, file), { force: true });
  await rmdir(folder).catch(() => {});
}

/**
 * Whether a folder's process lives. The lock knows, but for two cases: the lock is out of sight, as another machine's is, or
 * somebody has deleted it. Then the last sign of life decides.
 */
async function hasOwner(folder: string, name: string): Promise<boolean> {
  const file = join(folder, OWNER);
  const place = await readRegularFile(file).then(placeOf, () => null);
  const lock = place === null || place === placeOf(HERE) ? await askLock(lockPath(folder, name)) : null;
  if (lock !== null) return lock;
  const seenMs = await lstat(file).then(({ mtimeMs }) => mtimeMs, never);
  return Date.now() - seenMs < STALE_MS;
}

/** Where an owner file is gone, nobody is waited for: its process gave it back, or another has adopted the folder. */
function never(error: NodeJS.ErrnoException): number {
  if (error.code === 'ENOENT') return -Infinity;
  throw error;
}

/** The start of the machine that a process runs in: only there can its lock be asked. Two machines may have one host name. */
function placeOf(owner: Buffer | string): string | null {
  try {
    const { host, boot } = JSON.parse(owner.toString()) as { host?: unknown; boot?: unknown };
    return `${String(host)} ${String(boot)}`;
  } catch {
    return null;
  }
}

/** The content of the owner file of this process. */
const HERE = JSON.stringify({ host: hostname(), boot: readBootId(), pid: process.pid });

/** Linux gives each of its starts an id; other systems have their host name alone. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

function writeOwner(folder: string): Promise<void> {
  return writeFile(join(folder, OWNER), HERE, { flag: 'wx', mode: 0o600 });
}

/** Makes a folder, and those above it that are missing, for this user alone, even where the umask allows more. */
async function makePrivate(folder: string): Promise<void> {
  if (await succeeds(stat(folder))) return;
  await makePrivate(dirname(folder));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // A file system without modes throws.
  await chmod(folder, 0o700).catch(() => {});
}

/** Whether something is done without an error. */
function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Windows has named pipes instead of socket files. */
function lockPath(folder: string, name: string): string {
  return IS_WINDOWS ? `\\\\.\\pipe\\koa-track-usage-${name}` : join(folder, LOCK);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    // In a worker of a cluster, the socket would else be the primary's, which closes it when the worker disconnects and lives on.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server.unref());
    });
  });
}

function closeServer(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** Whether somebody listens; null where there is no socket to ask. */
async function askLock(path: string): Promise<boolean | null> {
  const isSocket =
    IS_WINDOWS ||
    (await lstat(path).then(
      (entry) => entry.isSocket(),
      () => false,
    ));
  if (!isSocket) return null;
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Only ECONNREFUSED and ENOENT say that nobody listens; a full backlog, say, is somebody's.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

/** Whether a file or its folder is not there any more, or something else is in its place. */
export function hasVanished(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === NOT_A_FILE;
}

/**
 * Names of storages that are the names of their folders as well: short, as the path of a socket has to be, and such that every
 * file system takes them and tells them apart, also one that knows no upper case or reserves the names of devices.
 */
const PLAIN_NAME = /^(?!(?:aux|con|nul|prn|com\d|lpt\d)$)[a-z0-9][a-z0-9_-]{0,15}$/;

/**
 * The folder of one storage's spool, for any name that the storage may have.
 *
 * @param dir - the folder of the option `spool.dir`
 */
export function spoolFolder(dir: string, storage: string): string {
  if (PLAIN_NAME.test(storage)) return join(dir, storage);
  return join(dir, `~${createHash('sha256').update(storage).digest('hex').slice(0, 15)}`);
}
