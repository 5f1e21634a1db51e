import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';
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

/** A response of HTTP/1, or of HTTP/2's compatibility API, which has a stream and keeps errors there. */
type CompatibleResponse = ServerResponse & { readonly stream?: Http2Stream };

/** Statuses whose responses have no body (RFC 9110, 6.4.1), whatever the application wrote. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Reads what became of a response that has closed. */
export function readOutcome(request: IncomingMessage, response: ServerResponse): Outcome {
  const { statusCode } = response;
  const bodiless = request.method === 'HEAD' || BODILESS.has(statusCode);
  // Node finishes the stream of an HTTP/2 client that left, so that finished alone does not mean answered.
  if (response.writableEnded && response.writableFinished) {
    return { status: statusCode, aborted: false, sentBody: !bodiless, errorType: null };
  }
  // A pipelined response whose turn never came has no socket, though Node calls its headers sent.
  const { socket } = response;
  if (socket === null) return { status: null, aborted: true, sentBody: false, errorType: null };
  const sent = response.headersSent;
  const errored = ownError(response);
  return {
    status: sent ? statusCode : null,
    aborted: errored === null,
    sentBody: sent && !bodiless,
    errorType: errored === null ? null : errorTypeOf(errored),
  };
}

/** What the server itself broke a response off with; null if it did not. */
function ownError(response: CompatibleResponse): Error | null {
  const { stream } = response;
  if (stream === undefined) return response.errored;
  // A client that resets its stream, or loses its session, may leave an error there as well.
  const error = stream.errored as NodeJS.ErrnoException | null | undefined;
  return error == null || error.code?.startsWith('ERR_HTTP2_') ? null : error;
}
