import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A free port of the loopback interface below those that systems give to clients. A port of theirs could be taken by a
 * client while the server is down, even by one that tries to reach the server and so connects to itself.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]).catch(() => false);
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
