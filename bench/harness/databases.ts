import { type EngineName, type OwnServer, startOwn } from '../../spec/support/servers.js';

const running = new Map<EngineName, OwnServer>();

/**
 * Makes an empty database on a server that is started for the benchmarks, and waits for its disk as servers do.
 *
 * @returns its URL, and what the server calls itself
 * @throws if such a server cannot be had
 */
export async function freshDatabase(name: EngineName): Promise<{ url: string; server: string }> {
  let server = running.get(name);
  if (server === undefined) {
    server = await startOwn(name, { durable: true });
    running.set(name, server);
  }
  const { url } = await server.freshDatabase();
  return { url, server: server.description };
}

/** Stops the servers, with all that is in them. */
export async function stopDatabases(): Promise<void> {
  const servers = [...running.values()];
  running.clear();
  for (const server of servers) await server.dispose();
}
