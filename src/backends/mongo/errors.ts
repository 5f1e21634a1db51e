import type { TrackUsageError } from '../../errors.js';
import { type Condition, isSetup, messageOf, readError, writeError } from '../base/database-error.js';

/**
 * Codes (github.com/mongodb/mongo, src/mongo/base/error_codes.yml) of a broken set-up: no such user or role, no right, a
 * name or a command that the server does not know, a view, a quota of Atlas.
 */
const SETUP: ReadonlySet<unknown> = new Set([11, 13, 18, 20, 31, 59, 72, 73, 79, 100, 115, 166, 8000]);

/** Codes of a wrong user name or password. */
const NOT_LET_IN: ReadonlySet<unknown> = new Set([11, 18, 8000]);

/**
 * Codes after which the same document may be taken later: a node that cannot be reached, steps down or shuts down,
 * time and locks that ran out, shards that move, a disk that is full.
 */
const TRANSIENT: ReadonlySet<unknown> = new Set([
  6, 7, 24, 46, 50, 63, 64, 70, 89, 91, 112, 117, 133, 134, 150, 175, 189, 202, 237, 262, 391, 9001, 10058,
  10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

/** Codes of a batch that took too long, and names of the driver's errors about one. */
const TOO_SLOW = /^(?:50|89|202|262|Mongo(?:Network|Operation)TimeoutError)$/;

/** Codes of a batch of which one document is too large or is not BSON. */
const REFUSED: ReadonlySet<unknown> = new Set([22, 10334]);

/** Names of the driver's errors about a document that cannot be BSON, and its message about one that is too large. */
const UNSENDABLE: ReadonlySet<string> = new Set(['BSONError', 'RangeError']);
const TOO_LARGE = /^Document is larger than the maximum size/;

const adviceFor = (role: 'read' | 'readWrite'): string =>
  'Check that the name is one of a collection, that user and password are right, and that the user has the role ' +
  `'${role}' on the database.`;

/** Why MongoDB has not written a document of a batch, with the document's place in the batch. */
export interface WriteError {
  readonly index: number;
  readonly code: unknown;
  readonly errmsg: string;
}

/** The code of a document whose key a unique index has already. */
export const DUPLICATE_KEY = 11_000;

/** The errors about single documents of a batch; null if anything else went wrong, or may not go wrong again. */
export function writeErrorsOf(error: unknown): readonly WriteError[] | null {
  const { writeErrors, result } = error as {
    writeErrors?: WriteError | readonly WriteError[];
    result?: { getWriteConcernError?(): unknown };
  };
  const list = [writeErrors ?? []].flat();
  if (list.length === 0 || result?.getWriteConcernError?.() !== undefined) return null;
  return list.some(({ code }) => TRANSIENT.has(code) || SETUP.has(code)) ? null : list;
}

/** Whether the primary index has the document's key already. A stranger's text may stand in the message, but only at its end. */
export function isDuplicateId({ errmsg }: WriteError, namespace: string): boolean {
  return errmsg.startsWith(`E11000 duplicate key error collection: ${namespace} index: _id_ dup key: `);
}

/** The error of a record whose document MongoDB refuses. */
export function refusal({ code, errmsg }: WriteError): Error {
  return new Error(`MongoDB refused the document with code ${String(code)}: ${errmsg}`);
}

/** The error that the tracker gets for one of MongoDB or its driver about a collection that is written to. */
export function storageError(error: unknown, collection: string): TrackUsageError {
  return writeError(error, conditionOf(error), `collection '${collection}'`);
}

/** The error that a reader gets for one of MongoDB or its driver about a collection that is read. */
export function readingError(error: unknown, collection: string): TrackUsageError {
  const condition = conditionOf(error);
  const known = isSetup(condition) ? { advice: adviceFor('read') } : condition;
  return readError(error, known, `collection '${collection}'`);
}

/** The condition that an error of MongoDB or its driver tells of. */
export function conditionOf(error: unknown): Condition {
  const codes = codesOf(error);
  if (codes.some((code) => SETUP.has(code))) return { advice: adviceFor('readWrite') };
  const name = error instanceof Error ? error.name : '';
  if ([name, ...codes].some((said) => TOO_SLOW.test(String(said)))) return 'too-slow';
  const isUnsendable = UNSENDABLE.has(name) || TOO_LARGE.test(messageOf(error));
  return isUnsendable || codes.some((code) => REFUSED.has(code)) ? 'refused' : 'unavailable';
}

/** Whether a code tells of a right or a collection that a user who was let in does not have. */
export function isForbidden(code: unknown): boolean {
  return SETUP.has(code) && !NOT_LET_IN.has(code);
}

/** The code of an error, and the codes of its documents. */
export function codesOf(error: unknown): unknown[] {
  const { code, writeErrors } = (error ?? {}) as { code?: unknown; writeErrors?: WriteError | WriteError[] };
  return [code, ...[writeErrors ?? []].flat().map((one) => one.code)];
}

/**
 * Explains why a server could not be used, and says what to do. A caller puts its own name in front.
 *
 * @param target - the database and its hosts, without a password
 */
export function explainConnect(target: string, error: unknown): string {
  const message = messageOf(error);
  return codesOf(error).some((code) => NOT_LET_IN.has(code))
    ? `the MongoDB database ${target} does not let the user in: ${message}. Check username and password, and that ` +
        "'authSource' is the database that knows the user, often 'admin'."
    : `the MongoDB database ${target} cannot be reached: ${message}. Check that the server runs there, and host and port.`;
}
