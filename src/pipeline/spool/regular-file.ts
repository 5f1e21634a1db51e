import { constants, open } from 'node:fs/promises';

/** A link is not followed, and the far end of a pipe is not waited for. Windows knows neither flag. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The code of the error where something else than a file has a file's name. */
export const NOT_A_FILE = 'ENOTFILE';

/**
 * Reads a file, and nothing but a file.
 *
 * @throws the file system's error, or one of the code `ENOTFILE`
 */
export async function readRegularFile(path: string): Promise<Buffer> {
  const handle = await open(path, FLAGS);
  try {
    if (!(await handle.stat()).isFile()) throw notAFile(path);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** An error that says that something has a file's name without being one. */
export function notAFile(path: string): Error {
  const message = `'${path}' is not a file, and is left alone; remove it`;
  return Object.assign(new Error(message), { code: NOT_A_FILE });
}
