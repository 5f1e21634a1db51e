import { TrackUsageError, type TrackUsageErrorCode } from '../errors.js';
import { TooLate } from './in-time.js';
import { NotFound } from './not-found.js';
import { Crowded } from './turnstile.js';

/** What a page says where its figures cannot be had. */
export interface Problem {
  readonly status: number;
  /** Sentences for the reader. */
  readonly words: readonly string[];
  /** Whether the application's log has to tell of it: the error may be a fault of ours, and hold what no page should show. */
  readonly isUnexpected: boolean;
}

const AWAY =
  'The storage cannot be reached now. Requests go on being recorded as long as the tracker can keep them; try again soon.';

/** What is wrong by the code of an error whose message is for the reader. */
const OF_CODES: Partial<Record<TrackUsageErrorCode, readonly [status: number, sentence: string]>> = {
  INVALID_QUERY: [400, 'The figures cannot be asked for like this. Choose other days or filters.'],
  NO_STORAGE: [503, 'There is no storage whose records can be read.'],
  STORAGE_CONNECT: [503, AWAY],
  STORAGE_UNAVAILABLE: [503, AWAY],
  STORAGE_TIMEOUT: [503, AWAY],
  STORAGE_CLOSED: [503, 'The storage is closed.'],
  STORAGE_SETUP: [503, 'The database has to be changed before its records can be read.'],
};

/** Says what is wrong. */
export function problemOf(error: unknown): Problem {
  if (error instanceof NotFound) return { status: 404, words: [error.message], isUnexpected: false };
  if (error instanceof TooLate)
    return {
      status: 504,
      words: ['The storage has not answered in time.', error.message, 'Choose fewer days, or try again.'],
      isUnexpected: false,
    };
  if (error instanceof Crowded)
    return { status: 503, words: [error.message, 'Try again in a minute.'], isUnexpected: false };
  const known = error instanceof TrackUsageError ? OF_CODES[error.code] : undefined;
  if (known !== undefined)
    return { status: known[0], words: [known[1], (error as TrackUsageError).message], isUnexpected: false };
  return {
    status: 500,
    words: ['The figures could not be made.', 'The log of the application says why.'],
    isUnexpected: true,
  };
}
