import { resolve } from 'node:path';
import { OptionReader, type Resolved } from '../option-reader.js';
import { GIB } from './units.js';

/** Where records wait on disk while a storage does not take them. */
export interface SpoolOptions {
  /** The folder, with a path of at most 70 bytes. It is made if it is missing; several processes may share it. */
  readonly dir: string;
  /**
   * `'overflow'` writes what the queue has no room for; `'wal'` writes every record before it is stored, so that
   * a process that is killed loses none that it has written. @default 'overflow'
   */
  readonly mode?: 'overflow' | 'wal' | undefined;
  /** Bytes on disk for each storage, from 65,536 to 1 TiB. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number | undefined;
  /**
   * When what was written is forced to the disk: `'always'` after every write, `'interval'` every 500 ms,
   * `'never'` leaves it to the system. Only a loss of power makes a difference. @default 'interval'
   */
  readonly fsync?: 'always' | 'interval' | 'never' | undefined;
}

/** Of the 104 that the path of a socket may have on macOS, storage and process have the rest. */
const MAX_SPOOL_PATH_BYTES = 70;

/**
 * Checks where records wait on disk.
 *
 * @param subject - who takes the options
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function resolveSpool(subject: string, options: SpoolOptions): Resolved<SpoolOptions> {
  const reader = new OptionReader(subject, options, ['dir', 'mode', 'maxBytes', 'fsync'], 'spool');
  return {
    dir: resolveSpoolFolder(reader),
    mode: reader.oneOf('mode', ['overflow', 'wal'], 'overflow'),
    maxBytes: reader.integer('maxBytes', { min: 65_536, max: 1024 * GIB, default: GIB / 4 }),
    fsync: reader.oneOf('fsync', ['always', 'interval', 'never'], 'interval'),
  };
}

/** Each process holds a socket in the folder, and the path of a socket has to be short. */
function resolveSpoolFolder(reader: OptionReader<SpoolOptions>): string {
  const path = reader.text('dir', null);
  if (path === null || path.includes('\0')) return reader.refuse('dir', 'the path of a folder');
  const dir = resolve(path);
  const isLong = process.platform !== 'win32' && Buffer.byteLength(dir) > MAX_SPOOL_PATH_BYTES;
  return isLong ? reader.refuse('dir', `a path of at most ${MAX_SPOOL_PATH_BYTES} bytes`) : dir;
}
