import { OptionReader, type Resolved } from '../option-reader.js';

/** How long records are kept. */
export interface RetentionOptions {
  /** Days of 24 hours after which a record is deleted, counted from its `date`: an integer from 1 to 3,650. */
  readonly days: number;
}

const MAX_DAYS = 3650;

/**
 * Checks how long records are kept.
 *
 * @param subject - who takes the options
 * @returns null if they are kept until somebody deletes them
 * @throws {TrackUsageError} `INVALID_OPTION`
 */
export function resolveRetention(
  subject: string,
  options: RetentionOptions | undefined,
): Resolved<RetentionOptions> | null {
  if (options === undefined) return null;
  const reader = new OptionReader(subject, options, ['days'], 'retention');
  // There is no default: what is deleted has to be stated.
  const days = reader.integer('days', { min: 1, max: MAX_DAYS, default: null });
  return { days: days ?? reader.refuse('days', `an integer from 1 to ${MAX_DAYS}`) };
}
