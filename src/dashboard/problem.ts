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

const SETUP = 'The database has to be changed before its records can be read.';

const SEE_LOG = 'The log of the application says why.';

/** What is wrong by the code of an error whose message is for the reader. */
const OF_CODES: Partial<Record<TrackUsageErrorCode, readonly [status: number, sentence: string]>> = {
  INVALID_QUERY: [400, 'The figures cannot be asked for like this. Choose other days or filters.'],
  NO_STORAGE: [503, 'There is no storage whose records can be read.'],
  STORAGE_CONNECT: [503, AWAY],
  STORAGE_UNAVAILABLE: [503, AWAY],
  STORAGE_TIMEOUT: [503, AWAY],
  STORAGE_CLOSED: [503, 'The storage is closed.'],
  STORAGE_SETUP: [503, SETUP],
};

/** What readers throw as it is, by the names of MikroORM's errors and MongoDB's, and the codes of sockets (Node, «Common system errors»). */
const OF_DRIVERS: readonly (readonly [nameOrCode: RegExp, sentence: string])[] = [
  [/^(TableNotFound|InvalidFieldName)Exception$/, SETUP],
  [/^(ConnectionException|Mongo(ServerSelection|Network|NetworkTimeout)Error)$/, AWAY],
  [/^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/, AWAY],
];

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
  const sentence = sentenceOf(error);
  return {
    status: sentence === undefined ? 500 : 503,
    words: [sentence ?? 'The figures could not be made.', SEE_LOG],
    isUnexpected: true,
  };
}

function sentenceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, code } = error as { readonly name: string; readonly code?: unknown };
  return OF_DRIVERS.find(([known]) => known.test(name) || known.test(String(code)))?.[1];
}
