import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { errorTypeOf } from './error-type.js';

/** What became of a response. */
export interface Outcome {
  /** The status that went out; null if nothing did. */
  readonly status: number | null;
  /** Whether the client left before the response was complete. */
  readonly aborted: boolean;
  /** Whether a body may have gone out. */
  readonly sentBody: boolean;
  /** Whether the body went out past the response, on the stream of HTTP/2 itself. */
  readonly bypassed: boolean;
  /** The class of the error that the server broke the response off with; null if it did not. */
  readonly errorType: string | null;
}

/** A response of HTTP/1, or of HTTP/2's compatibility API, which has a stream and keeps errors there. */
type CompatibleResponse = ServerResponse & {
  readonly stream?: ServerHttp2Stream;
  /** The header block as Node wrote it. */
  readonly _header?: unknown;
};

/** Statuses whose responses have no body (RFC 9110, 6.4.1), whatever the application wrote. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Where the status stands in `HTTP/1.1 200 OK`. */
const STATUS_START = 9;

/**
 * Reads what became of a response that has closed.
 *
 * @param impliedStatus - the status that Node sent of itself when the application began the body, if it did
 */
export function readOutcome(
  request: IncomingMessage,
  response: CompatibleResponse,
  impliedStatus: number | null,
): Outcome {
  const status = sentStatus(response, impliedStatus);
  const sentBody = status !== null && request.method !== 'HEAD' && !BODILESS.has(status);
  if (isComplete(response)) {
    return { status, aborted: false, sentBody, bypassed: !response.writableEnded, errorType: null };
  }
  // A pipelined response whose turn never came has no socket, though Node calls its headers sent.
  if (response.socket === null) {
    return { status: null, aborted: true, sentBody: false, bypassed: false, errorType: null };
  }
  const error = ownError(response);
  const errorType = error === null ? null : errorTypeOf(error);
  return { status, aborted: error === null, sentBody, bypassed: false, errorType };
}

/** Node finishes the stream of an HTTP/2 client that left, so that finished alone does not mean answered. */
function isComplete(response: CompatibleResponse): boolean {
  const { stream } = response;
  if (response.writableEnded) return response.writableFinished || isInjected(response);
  return (
    stream !== undefined && stream.headersSent && !stream.aborted && stream.rstCode === 0 && !stream.errored
  );
}

/** Tools that inject requests without a connection close a response before their stand-in socket writes. */
function isInjected({ stream, socket }: CompatibleResponse): boolean {
  return stream === undefined && socket?.destroyed === false;
}

/** The status that went out; the application may have changed the response's `statusCode` since. */
function sentStatus(response: CompatibleResponse, impliedStatus: number | null): number | null {
  const { stream } = response;
  if (stream !== undefined) {
    const status: unknown = stream.headersSent ? stream.sentHeaders?.[':status'] : undefined;
    return status === undefined ? null : Number(status);
  }
  if (!response.headersSent) return null;
  if (impliedStatus !== null) return impliedStatus;
  // Node has no public name for the headers that it has sent.
  const { _header: header } = response;
  const status =
    typeof header === 'string' ? Number(header.slice(STATUS_START, STATUS_START + 3)) : Number.NaN;
  return status > 0 ? status : response.statusCode;
}

/** The error that the server itself broke a response off with; null if there is none. */
function ownError(response: CompatibleResponse): Error | null {
  const { stream } = response;
  if (stream === undefined) return response.errored ?? null;
  // A client that resets its stream, or loses its session, may leave an error there as well.
  const error = stream.errored as NodeJS.ErrnoException | null | undefined;
  return error == null || error.code?.startsWith('ERR_HTTP2_') ? null : error;
}
