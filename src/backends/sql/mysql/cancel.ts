import { type NativeConnection, execute } from './native-client.js';

/** How long the server may take to hear that a statement is to end, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * Whoever has the number may be somebody else: behind a load balancer, another server's session. Hence the statement is
 * looked at first; one of the same kind is a batch that is stored again.
 */
const IS_OURS =
  'select 1 from information_schema.processlist where id = ? and locate(?, left(info, 1000)) > 0';

type ConnectionClass = new (options: { config: object }) => NativeConnection;

/**
 * Has the server end what a connection is doing, and the connection. Without it, a statement that waits for a lock would
 * go on waiting in the server after its connection is gone, and every later attempt would add another. It is asked on a
 * connection of its own, as the pool may have none left, and for no longer than a second; it never rejects.
 *
 * @param text - what the statement has within its first 1000 characters, and others have not
 */
export async function cancelStatement(connection: NativeConnection, text: string): Promise<void> {
  const { promise: patience, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE_MS);
  let control: NativeConnection | undefined;
  try {
    control = openAnother(connection);
    await Promise.race([patience, kill(control, connection.threadId, text)]);
  } catch {
    // The statement stays in the server until its lock wait is over, as it would have anyway.
  } finally {
    clearTimeout(timer);
    control?.destroy();
  }
}

/** A connection to the same server that is none of the pool's. A connection of the pool is mysql2's plain one, and more. */
function openAnother(connection: NativeConnection): NativeConnection {
  const Plain = Object.getPrototypeOf(connection.constructor) as ConnectionClass;
  const another = new Plain({ config: connection.config });
  // What it has to say comes with the answers; without a listener it would end the process.
  another.on('error', () => {});
  return another;
}

async function kill(control: NativeConnection, threadId: number, text: string): Promise<void> {
  const found = await execute<unknown[]>(control, IS_OURS, [threadId, text]);
  if (found.length > 0) await execute(control, `kill ${threadId}`);
}
