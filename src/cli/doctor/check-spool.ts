import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SEGMENT_SUFFIX } from '../../pipeline/spool/own-folder.js';
import { counted } from '../../report/words.js';
import { type Finding, fault, fine } from './finding.js';

/** Records that have waited on disk for so long are told of, in milliseconds: a tracker tries again every few minutes at least. */
const PATIENCE_MS = 600_000;

/** Looks for records that wait on disk. */
export async function checkSpool(dir: string, nowMs: number): Promise<Finding> {
  let files;
  try {
    const entries = await readdir(dir, { withFileTypes: true, recursive: true });
    const segments = entries.filter((entry) => entry.isFile() && entry.name.endsWith(SEGMENT_SUFFIX));
    files = await Promise.all(
      segments.map((entry) => stat(join(entry.parentPath, entry.name)).catch(() => null)),
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return fine('Nothing waits in the spool, which is not there yet', dir);
    return fault(
      `The spool cannot be read: ${message}`,
      dir,
      'Call the doctor as the user that the application runs as.',
    );
  }
  const old = files.filter((file) => file !== null).filter(({ mtimeMs }) => nowMs - mtimeMs > PATIENCE_MS);
  if (old.length === 0) return fine('Nothing is left over in the spool', dir);
  const bytes = old.reduce((sum, { size }) => sum + size, 0);
  const since = new Date(Math.min(...old.map(({ mtimeMs }) => mtimeMs))).toJSON();
  return fault(
    `Records wait in the spool since ${since}: ${counted(old.length, 'file')} with ${counted(bytes, 'byte')}`,
    dir,
    'If the database is away, bring it back. Else start the application, whose tracker stores what a process has left behind.',
  );
}
