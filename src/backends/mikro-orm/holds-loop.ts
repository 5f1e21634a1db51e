import type { IDatabaseDriver } from '@mikro-orm/core';

/** A name that libsql takes for a server rather than for a file. */
export const LIBSQL_SERVER = /^(https?|libsql):\/\//i;

/** Whether a driver's client reads a file on the event loop. */
export function holdsLoop(driver: IDatabaseDriver): boolean {
  const clients = driver.getDependencies();
  return clients.includes('better-sqlite3') || (clients.includes('libsql') && !isLibSqlServer(driver));
}

/**
 * Whether a libSQL database is on a server, wholly or as the primary of a local replica. Every statement is a request
 * then, which libsql waits for on the event loop.
 */
export function isLibSqlServer({ config }: Pick<IDatabaseDriver, 'config'>): boolean {
  const { url, syncUrl }: { url?: unknown; syncUrl?: unknown } = config.get('driverOptions');
  return typeof syncUrl === 'string' || LIBSQL_SERVER.test(String(url ?? config.get('dbName')));
}
