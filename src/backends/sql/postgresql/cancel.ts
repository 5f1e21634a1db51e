import { connect } from 'node:net';
import type { NativeClient } from './native-client.js';

/** How long the server may take to hear a request to cancel, in milliseconds. */
const PATIENCE_MS = 1000;

/** The number that tells a request to cancel from other first messages of a connection. */
const CANCEL_REQUEST = 80_877_102;

/**
 * Asks the server to give up what a connection is doing. Without it, a statement that waits for a lock would go on
 * waiting in the server after its connection is gone, and every later attempt would add another. It is asked on a
 * connection of its own, as the protocol wants it, and is not waited for longer than a second.
 */
export function cancelStatement({ host, port, processID, secretKey }: NativeClient): Promise<void> {
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return Promise.resolve();
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('connect', () => socket.write(message));
    // The server answers nothing, and closes.
    socket.resume();
  });
}
