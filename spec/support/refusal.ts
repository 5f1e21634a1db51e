import { TrackUsageError } from '../../src/errors.js';

/** The error of ours that a function throws; anything else fails the spec. */
export function refusalOf(run: () => unknown): TrackUsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof TrackUsageError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}
