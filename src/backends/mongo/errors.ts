import { TrackUsageError } from '../../errors.js';
import { messageOf } from '../mikro-orm/message-of.js';

/**
 * Codes (github.com/mongodb/mongo, src/mongo/base/error_codes.yml) that only a person can do something about: no such
 * user or role, no right, a name or a command that does not exist there, a view, a quota of Atlas.
 */
const SETUP: ReadonlySet<unknown> = new Set([11, 13, 18, 20, 31, 59, 72, 73, 79, 100, 115, 166, 8000]);

/**
 * Codes after which the same document may be taken later: a node that cannot be reached, steps down or shuts down,
 * time and locks that ran out, shards that move, a disk that is full.
 */
const TRANSIENT: ReadonlySet<unknown> = new Set([
  6, 7, 24, 46, 50, 63, 64, 70, 89, 91, 112, 117, 133, 134, 150, 175, 189, 202, 237, 262, 391, 9001, 10058,
  10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

/** Codes of a batch of which one document is too large or is not BSON. */
const REFUSED: ReadonlySet<unknown> = new Set([22, 10334]);

/** What the driver throws for a document that it cannot write as BSON, and what it says if that is too large. */
const UNSENDABLE: ReadonlySet<string> = new Set(['BSONError', 'RangeError']);
const TOO_LARGE = /^Document is larger than the maximum size/;

/** Codes of a wrong user name or password. */
const NOT_LET_IN: ReadonlySet<unknown> = new Set([11, 18, 8000]);

/** A document that was not written, by its place in the batch. */
export interface WriteError {
  readonly index: number;
  readonly code: unknown;
  readonly errmsg: string;
}

/** The code of a document whose key a unique index has already. */
export const DUPLICATE_KEY = 11_000;

/** What MongoDB says about documents of a batch, if that is all that went wrong; null if it is not. */
export function writeErrorsOf(error: unknown): readonly WriteError[] | null {
  const { writeErrors, result } = error as {
    writeErrors?: WriteError | readonly WriteError[];
    result?: { getWriteConcernError?(): unknown };
  };
  const list = [writeErrors ?? []].flat();
  if (list.length === 0 || result?.getWriteConcernError?.() !== undefined) return null;
  return list.some(({ code }) => TRANSIENT.has(code) || SETUP.has(code)) ? null : list;
}

/** Whether the client has not connected yet, or was closed. */
export function isNotConnected(error: unknown): boolean {
  return error instanceof Error && error.name === 'MongoNotConnectedError';
}

/** Whether a unique index has the document's key already; it may be the primary one, or the application's own. */
export function isDuplicate({ code }: WriteError): boolean {
  return code === DUPLICATE_KEY;
}

/** Whether it is the primary index. What strangers sent may stand in the message, but only further behind. */
export function isDuplicateId({ errmsg }: WriteError, namespace: string): boolean {
  return errmsg.startsWith(`E11000 duplicate key error collection: ${namespace} index: _id_ dup key: `);
}

/** Why the collection does not take a document. */
export function refusal({ code, errmsg }: WriteError): Error {
  return new Error(`MongoDB refused the document with code ${String(code)}: ${errmsg}`);
}

/**
 * What an error of MongoDB or its driver means to the tracker while it writes: that a person has to act (`STORAGE_SETUP`),
 * that only parts of the batch can be stored (`BATCH_REFUSED`), or that it may be stored later (`STORAGE_UNAVAILABLE`).
 */
export function storageError(error: unknown, collection: string): Error {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const isRefusal = codesOf(error).some((code) => REFUSED.has(code)) || UNSENDABLE.has(name);
  if ((isRefusal || TOO_LARGE.test(message)) && !isSetup(error))
    return new TrackUsageError(
      'BATCH_REFUSED',
      `The collection '${collection}' refused a batch: ${message}.`,
      error,
    );
  return collectionError(
    error,
    `The collection '${collection}' cannot be written`,
    'Check that the name is one of a collection, that user and password are right, and that the user has the role ' +
      "'readWrite' on the database.",
  );
}

/** What an error means to the tracker while it deletes old records. */
export function deletionError(error: unknown, collection: string): Error {
  return collectionError(
    error,
    `Old records of the collection '${collection}' cannot be deleted`,
    "The option retention needs a user with the rights find and remove, as the role 'readWrite' has them.",
  );
}

/** @param advice - what a person has to do where waiting does not help */
function collectionError(error: unknown, what: string, advice: string): Error {
  if (error instanceof TrackUsageError) return error;
  const message = messageOf(error);
  return isSetup(error)
    ? new TrackUsageError('STORAGE_SETUP', `${what}: ${message}. ${advice}`, error)
    : new TrackUsageError('STORAGE_UNAVAILABLE', `${what} now: ${message}.`, error);
}

function isSetup(error: unknown): boolean {
  return codesOf(error).some((code) => SETUP.has(code));
}

/** The code of an error, and those of its documents. */
export function codesOf(error: unknown): unknown[] {
  const { code, writeErrors } = (error ?? {}) as { code?: unknown; writeErrors?: WriteError | WriteError[] };
  return [code, ...[writeErrors ?? []].flat().map((one) => one.code)];
}

/**
 * Says why a server could not be used, and what to do: the end of a sentence that begins with the function's name.
 *
 * @param target - which database, without its password
 */
export function explainConnect(target: string, error: unknown): string {
  const message = messageOf(error);
  return codesOf(error).some((code) => NOT_LET_IN.has(code))
    ? `the MongoDB database ${target} does not let the user in: ${message}. Check username and password, and that ` +
        "'authSource' is the database that knows the user, often 'admin'."
    : `the MongoDB database ${target} cannot be reached: ${message}. Check that the server runs there, and host and port.`;
}
