import { readFileSync } from 'node:fs';
import { processTree } from '../../spec/support/servers/process-tree.js';
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

/** What Linux counts CPU time in, in microseconds (`USER_HZ` of proc(5)). */
const TICK_US = 10_000;

/** CPU time that a server has taken since it was started, all processes and threads, user and system, in microseconds. Linux alone tells it. */
export function cpuUsOf(name: EngineName): number {
  let ticks = 0;
  for (const pid of processTree(running.get(name)?.pid ?? NaN)) {
    try {
      const [, after = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
      // utime, stime, and those of children that have ended.
      for (const field of after.split(' ').slice(11, 15)) ticks += Number(field);
    } catch {
      // It ended in the meantime.
    }
  }
  return ticks * TICK_US;
}

/** Stops the servers, with all that is in them. */
export async function stopDatabases(): Promise<void> {
  const servers = [...running.values()];
  running.clear();
  for (const server of servers) await server.dispose();
}
