import type { PermissionViolationError } from '@nats-io/transport-node';
import { TrackUsageError } from '../../errors.js';

/** JetStream's code of a stream that is not there. */
export const STREAM_NOT_FOUND = 10_059;

/** JetStream's code of a consumer that is not there. */
export const CONSUMER_NOT_FOUND = 10_014;

/** JetStream's code of a consumer that may have more messages without an acknowledgement than a limit allows. */
export const TOO_MANY_UNACKNOWLEDGED = 10_121;

/** Codes of JetStream (github.com/nats-io/nats-server, server/errors.json) of a message that is larger than the stream takes. */
const TOO_LARGE = 10_054;

/** Codes of a stream that is full, or whose servers have no room. */
const FULL: ReadonlySet<unknown> = new Set([10_002, 10_023, 10_028, 10_047, 10_077]);

/** The code of a server that has no others for replicas. */
const NO_CLUSTER = 10_074;

/** The code of a second consumer of the records of a work queue. */
const NOT_UNIQUE = 10_100;

/** Codes of a broken set-up that stand as the server's failures, while others do as the caller's: no JetStream, too few servers for the replicas. */
const SETUP: ReadonlySet<unknown> = new Set([10_039, 10_052, NO_CLUSTER, 10_076]);

/** The status of errors of the caller: no such stream, another stream's subject, a stream that is sealed. */
const CALLERS: ReadonlySet<unknown> = new Set([400, 404]);

/** The message of the error of what was asked when the connection was closed. */
const CLOSED_MEANWHILE = 'connection closed';

/** Names of errors about who connects and what that user may do. */
const NOT_ALLOWED: ReadonlySet<string> = new Set([
  'PermissionViolationError',
  'AuthorizationError',
  'UserAuthenticationExpiredError',
]);

/** Whether nobody listens: there is no such stream, it has no leader now, or there is no JetStream. */
export function isUnanswered(error: unknown): boolean {
  return nameOf(error) === 'JetStreamNotEnabled';
}

/** Whether an answer has not come in time. */
export function isTimeOut(error: unknown): boolean {
  return nameOf(error) === 'TimeoutError';
}

/** Whether the user may not say of a message that it is stored, held or given back. */
export function isDeniedAck(error: Error): error is PermissionViolationError {
  return (
    error.name === 'PermissionViolationError' &&
    (error as PermissionViolationError).subject.startsWith('$JS.ACK.')
  );
}

/** The code of an error of JetStream; undefined for others. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}

/**
 * The error that a tracker or a worker gets for one of NATS.
 *
 * @param failed - the failure as a clause, such as "The stream 'usage' cannot be written"
 */
export function streamError(error: unknown, failed: string): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  const code = codeOf(error);
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  if (nameOf(error) === 'ClosedConnectionError' || said === CLOSED_MEANWHILE)
    return new TrackUsageError('STORAGE_CLOSED', `${failed}, as it was closed.`, error);
  // A request that fails has the reason behind it.
  if ([error, error instanceof Error && error.cause].some((one) => NOT_ALLOWED.has(nameOf(one))))
    return new TrackUsageError(
      'STORAGE_SETUP',
      `${failed}: ${said}. Check user, password or token, and give the user the rights that docs/storages.md lists.`,
      error,
    );
  // The client refuses by itself what is larger than its server takes.
  if (code === TOO_LARGE || nameOf(error) === 'InvalidArgumentError')
    return new TrackUsageError(
      'BATCH_REFUSED',
      `${failed}: ${said}. Raise ${code === TOO_LARGE ? "the stream's max_msg_size" : 'max_payload of the servers'}.`,
      error,
    );
  if (SETUP.has(code) || (CALLERS.has(statusOf(error)) && !FULL.has(code)))
    return new TrackUsageError(
      'STORAGE_SETUP',
      `${failed}: ${said}. ${ADVICE.get(code) ?? 'Mend the stream (nats stream edit)'}; records wait until then.`,
      error,
    );
  const advice = FULL.has(code) ? MAKE_ROOM : isUnanswered(error) ? HAVE_JETSTREAM : '';
  return new TrackUsageError('STORAGE_UNAVAILABLE', `${failed} now: ${said}.${advice}`, error);
}

/** What to do about a broken set-up, by its code. Nothing here removes a stream: it may hold records. */
const ADVICE: ReadonlyMap<unknown, string> = new Map([
  [NO_CLUSTER, "Give it 'replicas: 1', or the servers of a cluster"],
  [STREAM_NOT_FOUND, 'Start a process that uses it again, which makes the stream'],
  [
    NOT_UNIQUE,
    "A stream takes workers of one 'consumer' alone: give all of them the same name. Where the other one is no longer used, " +
      'remove it (nats consumer rm), which leaves the records in the stream',
  ],
]);
const MAKE_ROOM = ' Start more workers, or give the stream more room.';
const HAVE_JETSTREAM =
  " Start the servers with JetStream (nats-server -js), and let the user's account have it.";

/** The status of an error of JetStream's API, as HTTP has them. */
function statusOf(error: unknown): unknown {
  return (error as { status?: unknown } | null | undefined)?.status;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
