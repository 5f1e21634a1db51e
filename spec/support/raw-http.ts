import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { until } from './until.js';

/** A connection of a client that writes its own bytes, and hears them as Latin-1. */
export interface RawClient {
  readonly socket: Socket;
  /** What the server has sent so far. */
  readonly received: () => string;
  /** Sends bytes as they are; text as Latin-1. */
  send(bytes: string | Uint8Array): void;
  /** Waits until the server has sent this text. */
  hears(text: string): Promise<void>;
  /** Waits until the server ends the connection, and returns all that it sent. */
  ended(): Promise<string>;
  /** Leaves at once, with whatever is under way. */
  leave(): Promise<void>;
}

/** Opens a connection to a server on the loopback interface. */
export async function connectRaw(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect(port, host);
  let received = '';
  let closed = false;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => (received += text));
  // A server that breaks off is what some specs are about.
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  await once(socket, 'connect');
  return {
    socket,
    received: () => received,
    send: (bytes) => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    },
    hears: (text) => until(() => received.includes(text), `the server has sent '${text}'`),
    async ended() {
      await until(() => closed, 'the server has ended the connection');
      return received;
    },
    async leave() {
      socket.destroy();
      await until(() => closed, 'the client has left');
    },
  };
}

/** A request as bytes; with `Host`, and without a body unless there is one. */
export function rawRequest(
  target: string,
  headers: readonly string[] = [],
  method = 'GET',
  body = '',
): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: spec.test', ...headers].join('\r\n')}\r\n\r\n${body}`;
}

/** Sends bytes on a connection of its own, and returns all that the server sent until it ended it. */
export async function exchangeRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  const client = await connectRaw(port);
  client.send(bytes);
  return client.ended();
}

/** Sends one request on a connection of its own, and returns the whole response. */
export function askRaw(
  port: number,
  target: string,
  headers: readonly string[] = [],
  method = 'GET',
): Promise<string> {
  return exchangeRaw(port, rawRequest(target, ['Connection: close', ...headers], method));
}
