import { accessSync, constants, statfsSync } from 'node:fs';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';

/** Room for the data of all test servers, some times over. */
const ENOUGH_BYTES = 6 * 1024 ** 3;

/**
 * Has temporary files, those of child processes and test servers too, be in memory where there is room: specs kill processes alone, and
 * never the machine, so that nothing is gained by waiting for a disk. `TMPDIR` says otherwise.
 */
export function temporaryFilesInMemory(): void {
  if (process.env['TMPDIR'] !== undefined || process.platform !== 'linux') return;
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= ENOUGH_BYTES) process.env['TMPDIR'] = MEMORY;
  } catch {
    // This machine has no such place.
  }
}
