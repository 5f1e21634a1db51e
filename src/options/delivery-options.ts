import { OptionReader, type Resolved } from '../option-reader.js';
import { GIB, HOUR_MS } from './units.js';

/** How much may wait in memory for a storage. */
export interface QueueOptions {
  /** Records, from 1 to 1,000,000. @default 10_000 */
  readonly maxRecords?: number | undefined;
  /** Estimated bytes, from 1,024 to 4 GiB. @default 16_777_216 (16 MiB) */
  readonly maxBytes?: number | undefined;
  /** What makes room when the queue is full and there is no spool. @default 'drop-newest' */
  readonly overflow?: 'drop-newest' | 'drop-oldest' | undefined;
}

/** When and how much is handed to a storage. */
export interface BatchOptions {
  /** Records a batch, from 1 to 10,000. @default 500 */
  readonly maxRecords?: number | undefined;
  /** Estimated bytes a batch, from 1,024 to 1 GiB. A larger record goes alone. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number | undefined;
  /** How long a record may wait for others, in milliseconds, from 1 to 3,600,000. @default 1_000 */
  readonly maxDelayMs?: number | undefined;
}

/** How long a storage is waited for, and how a batch that failed is tried again. */
export interface RetryOptions {
  /** The longest pause before the second attempt, in milliseconds, from 1 to 3,600,000. @default 500 */
  readonly minDelayMs?: number | undefined;
  /** The longest pause before any attempt, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly maxDelayMs?: number | undefined;
  /** How long an attempt may take before it is given up, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly attemptTimeoutMs?: number | undefined;
  /** Records older than this are dropped as `expired`, in milliseconds, from 1,000 to a year. @default 604_800_000 (7 days) */
  readonly maxAgeMs?: number | undefined;
}

/**
 * Checks how much may wait in memory, and fills in the defaults.
 *
 * @param subject - who takes the options, for errors
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function resolveQueue(subject: string, options: QueueOptions = {}): Resolved<QueueOptions> {
  const reader = new OptionReader(subject, options, ['maxRecords', 'maxBytes', 'overflow'], 'queue');
  return {
    maxRecords: reader.integer('maxRecords', { min: 1, max: 1_000_000, default: 10_000 }),
    maxBytes: reader.integer('maxBytes', { min: 1024, max: 4 * GIB, default: GIB / 64 }),
    overflow: reader.oneOf('overflow', ['drop-newest', 'drop-oldest'], 'drop-newest'),
  };
}

/**
 * Checks when and how much is handed to a storage, and fills in the defaults.
 *
 * @param subject - who takes the options, for errors
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function resolveBatch(subject: string, options: BatchOptions = {}): Resolved<BatchOptions> {
  const reader = new OptionReader(subject, options, ['maxRecords', 'maxBytes', 'maxDelayMs'], 'batch');
  return {
    maxRecords: reader.integer('maxRecords', { min: 1, max: 10_000, default: 500 }),
    maxBytes: reader.integer('maxBytes', { min: 1024, max: GIB, default: GIB / 256 }),
    maxDelayMs: reader.integer('maxDelayMs', { min: 1, max: HOUR_MS, default: 1000 }),
  };
}

/**
 * Checks how long a storage is waited for, and how a batch is tried again, and fills in the defaults.
 *
 * @param subject - who takes the options, for errors
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function resolveRetry(subject: string, options: RetryOptions = {}): Resolved<RetryOptions> {
  const names = ['minDelayMs', 'maxDelayMs', 'attemptTimeoutMs', 'maxAgeMs'] as const;
  const reader = new OptionReader(subject, options, names, 'retry');
  const minDelayMs = reader.integer('minDelayMs', { min: 1, max: HOUR_MS, default: 500 });
  const maxDelayMs = reader.integer('maxDelayMs', { min: 1, max: HOUR_MS, default: 30_000 });
  if (maxDelayMs < minDelayMs)
    reader.refuse('maxDelayMs', `at least retry.minDelayMs, which is ${minDelayMs}`);
  return {
    minDelayMs,
    maxDelayMs,
    attemptTimeoutMs: reader.integer('attemptTimeoutMs', { min: 1, max: HOUR_MS, default: 30_000 }),
    maxAgeMs: reader.integer('maxAgeMs', { min: 1000, max: 365 * 24 * HOUR_MS, default: 7 * 24 * HOUR_MS }),
  };
}
