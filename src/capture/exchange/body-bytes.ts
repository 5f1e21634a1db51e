import { type IncomingMessage, OutgoingMessage, type ServerResponse } from 'node:http';

/**
 * The property that holds an exchange: on its response, and on a request whose body is counted. It is the
 * only one, as each property that is added to Node's objects costs time.
 */
export const EXCHANGE = Symbol.for('koa-track-usage.exchange');

type Method = (...args: unknown[]) => unknown;

/** Node's own methods, which nearly all responses have. */
const NODE_WRITE: unknown = Reflect.get(OutgoingMessage.prototype, 'write');
const NODE_END: unknown = Reflect.get(OutgoingMessage.prototype, 'end');

/** The counted bytes, and the methods that the counting functions have replaced. */
export interface ByteCounter {
  /** Bytes that arrived. */
  requestBytes: number;
  /** Bytes that the application handed to the response. */
  responseBytes: number;
  /** The status that Node sent when the application began the body without sending headers first; else null. */
  impliedStatus: number | null;
  write: Method | null;
  end: Method | null;
  push: Method | null;
}

interface CountedResponse {
  readonly [EXCHANGE]: ByteCounter;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly statusCode: number;
  write: Method;
  end: Method;
}

interface CountedRequest {
  [EXCHANGE]: ByteCounter;
  push: Method;
}

/**
 * Counts the bytes that are written to a response that carries its counter. Functions that all responses
 * share replace the response's `write` and `end`, and call the replaced methods.
 *
 * @returns whether the bytes are counted
 */
export function countResponseBody(response: ServerResponse, counter: ByteCounter): boolean {
  if (!isReplaceable(response)) return false;
  const counted = response as unknown as CountedResponse;
  counter.write = counted.write;
  counter.end = counted.end;
  counted.write = countedWrite;
  counted.end = countedEnd;
  return true;
}

/** Whether the methods of a response can be replaced: an application may have made them read-only. */
function isReplaceable(response: ServerResponse): boolean {
  // Nearly always; a look for the response's own properties takes longer than all of the counting.
  if (response.write === NODE_WRITE && response.end === NODE_END) return true;
  return ['write', 'end'].every((name) => {
    const own = Object.getOwnPropertyDescriptor(response, name);
    return own === undefined || own.writable === true;
  });
}

/**
 * Counts the bytes of a request's body as they arrive, without reading them: Node's parser hands every chunk
 * to `push`.
 */
export function countRequestBody(request: IncomingMessage, counter: ByteCounter): void {
  const counted = request as unknown as CountedRequest;
  counted[EXCHANGE] = counter;
  counter.push = counted.push;
  counted.push = countedPush;
}

function countedWrite(this: CountedResponse, ...args: unknown[]): unknown {
  const counter = this[EXCHANGE];
  const beginsResponse = !this.headersSent;
  // Node refuses chunks after the end.
  if (!this.writableEnded) counter.responseBytes += chunkBytes(args[0], args[1]);
  const result = (counter.write as Method).apply(this, args);
  if (beginsResponse && this.headersSent) counter.impliedStatus = this.statusCode;
  return result;
}

function countedEnd(this: CountedResponse, ...args: unknown[]): unknown {
  const counter = this[EXCHANGE];
  const beginsResponse = !this.headersSent;
  const isFirst = !this.writableEnded;
  const before = counter.responseBytes;
  const result = (counter.end as Method).apply(this, args);
  // Some versions of Node end with a last chunk by calling write.
  if (isFirst && counter.responseBytes === before) counter.responseBytes += chunkBytes(args[0], args[1]);
  if (beginsResponse && this.headersSent) counter.impliedStatus = this.statusCode;
  return result;
}

function countedPush(this: CountedRequest, ...args: unknown[]): unknown {
  const counter = this[EXCHANGE];
  counter.requestBytes += chunkBytes(args[0], args[1]);
  return (counter.push as Method).apply(this, args);
}

function chunkBytes(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
