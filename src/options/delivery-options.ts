import { resolve } from 'node:path';
import {
  type OptionPlace,
  type Settings,
  integer,
  oneOf,
  refuseOption,
  required,
  text,
} from '../option-reader.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1_048_576;
const GIB = 1024 * MIB;

/** How much may wait in memory for a storage. */
export class QueueOptions {
  /** Records, from 1 to 1,000,000. @default 10_000, or two batches if these are more: for ClickHouse 20,000 */
  readonly maxRecords? = integer({ min: 1, max: 1_000_000 });
  /** Estimated bytes, from 1 KiB to 4 GiB. @default 16_777_216, which is 16 MiB, or two batches if these are more: for ClickHouse 32 MB */
  readonly maxBytes? = integer({ min: 1024, max: 4 * GIB, unit: 'bytes' });
  /** What makes room when the queue is full and there is no spool. @default 'drop-newest' */
  readonly overflow? = oneOf(['drop-newest', 'drop-oldest'], 'drop-newest');
}

/** When and how much is handed to a storage. */
export class BatchOptions {
  /** Records a batch, from 1 to 10,000. @default 500, unless the storage wishes for others: ClickHouse for 10,000 */
  readonly maxRecords? = integer({ min: 1, max: 10_000 });
  /**
   * Estimated bytes a batch, from 1 KiB to 1 GiB. A larger record goes alone. @default 4_194_304, which is 4 MiB, or 1,600 for each of
   * `maxRecords` if these are more: for ClickHouse 16 MB
   */
  readonly maxBytes? = integer({ min: 1024, max: GIB, unit: 'bytes' });
  /** How long a record may wait for others, in milliseconds, from 1 to 3,600,000. @default 1_000, unless the storage wishes for longer: ClickHouse for 10,000 */
  readonly maxDelayMs? = integer({ min: 1, max: HOUR_MS, unit: 'milliseconds' });
}

/** How long a storage is waited for, and how long the pauses between attempts are. */
export class AttemptOptions {
  /** The longest pause before the second attempt, in milliseconds, from 1 to 3,600,000. @default 500 */
  readonly minDelayMs? = integer({ min: 1, max: HOUR_MS, default: 500, unit: 'milliseconds' });
  /** The longest pause before any attempt, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly maxDelayMs? = integer({ min: 1, max: HOUR_MS, default: 30_000, unit: 'milliseconds' });
  /** How long an attempt may take before it is given up, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly attemptTimeoutMs? = integer({ min: 1, max: HOUR_MS, default: 30_000, unit: 'milliseconds' });
}

/** How long a storage is waited for, and how a batch that failed is tried again. */
export class RetryOptions extends AttemptOptions {
  /** Records that have waited for longer are dropped as `expired`, in milliseconds, from 1,000 to a year. @default 604_800_000 (7 days) */
  readonly maxAgeMs? = integer({ min: 1000, max: 365 * DAY_MS, default: 7 * DAY_MS, unit: 'milliseconds' });
}

/** Where records wait on disk while a storage does not take them. */
export class SpoolOptions {
  /** The folder, with a path of at most 70 bytes. It is made if it is missing; several processes may share it. */
  readonly dir = required(text({ expected: 'the path of a folder', convert: resolveFolder }));
  /**
   * `'overflow'` writes what the queue has no room for; `'wal'` writes every record before it is stored, so
   * that a process that is killed loses none that it has written. @default 'overflow'
   */
  readonly mode? = oneOf(['overflow', 'wal'], 'overflow');
  /** Bytes on disk for each storage, from 64 KiB to 1 TiB. @default 268_435_456 (256 MiB) */
  readonly maxBytes? = integer({ min: 65_536, max: 1024 * GIB, default: 256 * MIB, unit: 'bytes' });
  /**
   * When what was written is forced to the disk: `'always'` after every write, `'interval'` every 500 ms,
   * `'never'` leaves it to the system. Only a loss of power makes a difference. @default 'interval'
   */
  readonly fsync? = oneOf(['always', 'interval', 'never'], 'interval');
}

/**
 * Refuses times that cannot be used together.
 *
 * @param subject - the function that takes the options
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function refuseContradictoryTimes(
  subject: string,
  {
    batch,
    retry,
  }: {
    readonly batch: { readonly maxDelayMs?: number | undefined };
    readonly retry: Settings<RetryOptions>;
  },
): void {
  const refuse = (name: string, value: number, expected: string): never =>
    refuseOption({ subject, name }, value, expected);
  if (retry.maxDelayMs < retry.minDelayMs)
    refuse('retry.maxDelayMs', retry.maxDelayMs, `at least retry.minDelayMs, which is ${retry.minDelayMs}`);
  // A record would expire before its batch is due.
  if (batch.maxDelayMs !== undefined && retry.maxAgeMs <= batch.maxDelayMs)
    refuse('retry.maxAgeMs', retry.maxAgeMs, `more than batch.maxDelayMs, which is ${batch.maxDelayMs}`);
}

/** A socket's path may have 104 bytes on macOS, of which the names of storage and process take the rest. */
const MAX_SPOOL_PATH_BYTES = 70;

/** Each process holds a socket in the folder, and the path of a socket has to be short. */
function resolveFolder(path: string, place: OptionPlace): string {
  if (path.includes('\0')) refuseOption(place, path, 'the path of a folder');
  const dir = resolve(path);
  const isLong = process.platform !== 'win32' && Buffer.byteLength(dir) > MAX_SPOOL_PATH_BYTES;
  return isLong ? refuseOption(place, path, `a path of at most ${MAX_SPOOL_PATH_BYTES} bytes`) : dir;
}
