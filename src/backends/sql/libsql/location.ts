import { pathToFileURL } from 'node:url';
import type { MikroORM } from '@mikro-orm/core';

/** What libsql takes for a server rather than for a file. */
export const REMOTE_URL = /^(https?|libsql):\/\//i;

/**
 * Whether an ORM's libSQL database is on a server, wholly or as the primary of a local replica. Every statement is a
 * request then, which libsql waits for on the event loop.
 */
export function isRemote(orm: MikroORM): boolean {
  const { url, syncUrl }: { url?: unknown; syncUrl?: unknown } = orm.config.get('driverOptions');
  return typeof syncUrl === 'string' || REMOTE_URL.test(String(url ?? orm.config.get('dbName')));
}

/** A file as SQLite opens it for reading only: libsql itself has no option for that. */
export function readOnlyUrl(file: string): string {
  const url = file.startsWith('file:') ? file : pathToFileURL(file).href;
  return `${url}${url.includes('?') ? '&' : '?'}mode=ro`;
}
