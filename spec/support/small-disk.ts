import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { leavePending } from './pending.js';
import { unprivileged } from './servers/unprivileged.js';

const run = promisify(execFile);

/** Mounts a disk in a folder. Where this machine does not let us, the spec that runs is left pending, or fails if it may not be. */
export async function mountSmallDisk(context: Mocha.Context, parent: string): Promise<SmallDisk> {
  try {
    return await SmallDisk.mount(parent);
  } catch (error) {
    const why = 'A disk that is small enough to be filled cannot be mounted, as root can on Linux';
    return leavePending(context, `${why}: ${(error as Error).message.trim().replaceAll('\n', ' ')}`);
  }
}

/** A disk of some megabytes in memory. */
export class SmallDisk {
  readonly #mountPoint: string;
  /** Belongs to the user that servers run as. */
  readonly folder: string;

  private constructor(mountPoint: string) {
    this.#mountPoint = mountPoint;
    this.folder = join(mountPoint, 'server');
  }

  /** Makes one in a folder. It rejects where this machine does not let us. */
  static async mount(parent: string): Promise<SmallDisk> {
    const mountPoint = await mkdtemp(join(parent, 'small-disk-'));
    await chmod(mountPoint, 0o755);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=755', 'tmpfs', mountPoint]);
    } catch (error) {
      await rm(mountPoint, { recursive: true });
      throw error;
    }
    const disk = new SmallDisk(mountPoint);
    const { uid, gid } = unprivileged();
    await mkdir(disk.folder, { mode: 0o700 });
    if (uid !== undefined && gid !== undefined) await chown(disk.folder, uid, gid);
    return disk;
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'w');
    try {
      for (const size of [65_536, 4096]) {
        try {
          for (;;) await file.appendFile(Buffer.alloc(size, 1));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Gives back what {@link fill} took. */
  async makeRoom(): Promise<void> {
    await rm(this.#ballast);
  }

  /** Unmounts it; what is open there goes on until it is closed. */
  async remove(): Promise<void> {
    await run('umount', ['--lazy', this.#mountPoint]);
    await rm(this.#mountPoint, { recursive: true });
  }

  get #ballast(): string {
    return join(this.#mountPoint, 'ballast');
  }
}
