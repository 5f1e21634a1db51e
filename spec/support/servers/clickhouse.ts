import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { type Engine, type Launch, type Program, cacheFolder, findProgram } from './engine.js';
import { unprivileged } from './unprivileged.js';

/** The version of chDB, which tells that of the engine. */
const CHDB = '3.4.0';

/** Nothing imports the program, so that it is compiled with the specs alone: npm scripts run in the project's folder. */
const SERVER = resolve('build/spec/support/servers/chdb-server.js');

/** Where chDB is or will be. */
function installed(): string {
  return join(cacheFolder(), `chdb-${CHDB}`);
}

/** Puts chDB into the cache folder: it is too large for a dependency. */
export async function fetchClickHouse(): Promise<void> {
  const unfinished = `${installed()}.${process.pid}`;
  process.stdout.write(`ClickHouse as chDB ${CHDB} is put into ${installed()}, once; it takes 550 MB.\n`);
  try {
    await mkdir(unfinished, { recursive: true });
    const args = [
      'install',
      '--prefix',
      unfinished,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `chdb@${CHDB}`,
    ];
    await promisify(execFile)('npm', args, { cwd: unfinished });
    await rename(unfinished, installed());
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

class Chdb implements Program {
  readonly source = `chDB ${CHDB}`;
  readonly user = '';
  readonly password = '';
  readonly stopSignal = 'SIGTERM';

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  command({ folder, port }: Launch): ReturnType<Program['command']> {
    const args = [SERVER, installed(), join(folder, 'data', 'chdb'), String(port)];
    // Others may not come to root's cache folder.
    return { file: process.execPath, args, identity: {} };
  }
}

class ClickHouseServer implements Program {
  readonly source = 'clickhouse';
  readonly user = '';
  readonly password = '';
  readonly stopSignal = 'SIGTERM';
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  command({ folder, port }: Launch): ReturnType<Program['command']> {
    const settings = {
      path: `${join(folder, 'data')}/`,
      listen_host: '127.0.0.1',
      http_port: port,
      tcp_port: 0,
    };
    const given = Object.entries({
      ...settings,
      mysql_port: 0,
      postgresql_port: 0,
      interserver_http_port: 0,
    });
    const args = ['server', '--', ...given.map(([name, value]) => `--${name}=${value}`)];
    return { file: this.#file, args, identity: unprivileged() };
  }
}

function find(): Program | undefined {
  const file = findProgram('clickhouse');
  if (file !== undefined) return new ClickHouseServer(file);
  return existsSync(installed()) ? new Chdb() : undefined;
}

async function withClient<T>(
  url: string,
  work: (client: ReturnType<typeof createClient>) => Promise<T>,
): Promise<T> {
  const client = createClient({
    url: url.replace(/^clickhouse:/, 'http:'),
    request_timeout: 5000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** ClickHouse: a server, or its engine as a library behind an HTTP interface of our own. */
export const clickhouse: Engine = {
  title: 'ClickHouse',
  variable: 'CLICKHOUSE_URL',
  protocol: 'clickhouse',
  wanted: 'no CLICKHOUSE_URL, no clickhouse on the path, and no chDB in the cache (npm run servers)',
  find,
  async describe(url) {
    return withClient(url, async (client) => {
      const answer = await client.query({ query: 'select version()', format: 'TabSeparated' });
      return `ClickHouse ${(await answer.text()).trim()}`;
    });
  },
  async createDatabase(url, name) {
    await withClient(url, (client) => client.command({ query: `create database ${name}` }));
  },
  async dropDatabase(url, name) {
    await withClient(url, (client) => client.command({ query: `drop database if exists ${name}` }));
  },
};
