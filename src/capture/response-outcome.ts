import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorTypeOf } from './error-type.js';

/** What became of a response. */
export interface Outcome {
  /** The status that went out; null if nothing did. */
  readonly status: number | null;
  /** Whether the client left before the response was complete. */
  readonly aborted: boolean;
  /** Whether a body may have gone out. */
  readonly sentBody: boolean;
  /** The class of the error that the server broke the response off with; null if it did not. */
  readonly errorType: string | null;
}

/** Statuses whose responses have no body (RFC 9110, 6.4.1), whatever the application wrote. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Reads what became of a response that has closed. */
export function readOutcome(request: IncomingMessage, response: ServerResponse): Outcome {
  const { errored, statusCode } = response;
  const bodiless = request.method === 'HEAD' || BODILESS.has(statusCode);
  if (response.writableFinished) {
    return { status: statusCode, aborted: false, sentBody: !bodiless, errorType: null };
  }
  // A pipelined response whose turn never came has no socket, though Node calls its headers sent.
  const { socket } = response;
  if (socket === null) return { status: null, aborted: true, sentBody: false, errorType: null };
  const sent = response.headersSent;
  return {
    status: sent ? statusCode : null,
    aborted: errored === null,
    sentBody: sent && !bodiless,
    errorType: errored === null ? null : errorTypeOf(errored),
  };
}
