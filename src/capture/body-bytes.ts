import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who is told of the bytes that go by. */
export interface ByteCounter {
  requestBytes: number;
  responseBytes: number;
}

const COUNTER = Symbol('koa-track-usage.byte-counter');
const WRITE = Symbol('koa-track-usage.write');
const END = Symbol('koa-track-usage.end');
const PUSH = Symbol('koa-track-usage.push');

type Method<Self> = (this: Self, ...args: unknown[]) => unknown;

interface CountedResponse {
  [COUNTER]: ByteCounter;
  [WRITE]: Method<CountedResponse>;
  [END]: Method<CountedResponse>;
  write: Method<CountedResponse>;
  end: Method<CountedResponse>;
}

interface CountedRequest {
  [COUNTER]: ByteCounter;
  [PUSH]: Method<CountedRequest>;
  push: Method<CountedRequest>;
}

/**
 * Counts the bytes that are written to a response. Its `write` and `end` are replaced by functions that all
 * responses share, which call what stood there before.
 *
 * @returns whether they are counted
 */
export function countResponseBody(response: ServerResponse, counter: ByteCounter): boolean {
  const counted = response as unknown as CountedResponse;
  if (!isReplaceable(response, 'write') || !isReplaceable(response, 'end')) return false;
  counted[COUNTER] = counter;
  counted[WRITE] = counted.write;
  counted[END] = counted.end;
  counted.write = countedWrite;
  counted.end = countedEnd;
  return true;
}

/** Whether a method can be replaced: an application may have made it its own for good. */
function isReplaceable(response: ServerResponse, name: 'write' | 'end'): boolean {
  const own = Object.getOwnPropertyDescriptor(response, name);
  return own === undefined ? Object.isExtensible(response) : own.writable === true;
}

/**
 * Counts the bytes of a request's body as they arrive, without reading them: Node's parser hands every chunk to
 * `push`.
 */
export function countRequestBody(request: IncomingMessage, counter: ByteCounter): void {
  const counted = request as unknown as CountedRequest;
  counted[COUNTER] = counter;
  counted[PUSH] = counted.push;
  counted.push = countedPush;
}

function countedWrite(this: CountedResponse, ...args: unknown[]): unknown {
  this[COUNTER].responseBytes += chunkBytes(args[0], args[1]);
  return this[WRITE](...args);
}

function countedEnd(this: CountedResponse, ...args: unknown[]): unknown {
  // Some versions of Node end with a last chunk by calling write.
  const before = this[COUNTER].responseBytes;
  const result = this[END](...args);
  if (this[COUNTER].responseBytes === before) this[COUNTER].responseBytes += chunkBytes(args[0], args[1]);
  return result;
}

function countedPush(this: CountedRequest, ...args: unknown[]): unknown {
  this[COUNTER].requestBytes += chunkBytes(args[0], args[1]);
  return this[PUSH](...args);
}

function chunkBytes(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
