import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { type Engine, findProgram, type Program } from './engine.js';
import { unprivileged } from './unprivileged.js';

const USER = 'tester';
const PASSWORD = 'secret';

/** Run at each start. The user comes from everywhere, for the server looks up no names. */
const INIT_SQL = [
  `CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${PASSWORD}';`,
  `GRANT ALL PRIVILEGES ON *.* TO '${USER}'@'%' WITH GRANT OPTION;`,
  '',
].join('\n');

class Mysqld implements Program {
  readonly source: string;
  readonly user = USER;
  readonly password = PASSWORD;
  readonly stopSignal = 'SIGTERM';
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.source = basename(file);
  }

  async prepare(folder: string): Promise<void> {
    await writeFile(join(folder, 'init.sql'), INIT_SQL);
    const data = `--datadir=${join(folder, 'data')}`;
    const installer = findProgram('mariadb-install-db', 'mysql_install_db');
    const [file, args] =
      installer === undefined
        ? [this.#file, ['--no-defaults', '--initialize-insecure', data]]
        : [installer, ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', data]];
    await promisify(execFile)(file, args, { cwd: folder, ...unprivileged() });
  }

  command({ folder, port, durable }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    const settings = {
      datadir: join(folder, 'data'),
      port,
      'bind-address': '127.0.0.1',
      socket: join(folder, 'sock'),
      'pid-file': join(folder, 'pid'),
      'init-file': join(folder, 'init.sql'),
      'innodb-flush-log-at-trx-commit': durable ? 1 : 2,
    };
    const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    return {
      file: this.#file,
      args: ['--no-defaults', ...flags, '--skip-name-resolve', '--skip-log-bin'],
      identity: unprivileged(),
    };
  }
}

async function query(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

export const mariadb: Engine = {
  title: 'MariaDB',
  variable: 'MYSQL_URL',
  protocol: 'mysql',
  wanted: 'no MYSQL_URL, and neither mariadbd nor mysqld on the path',
  find() {
    const file = findProgram('mariadbd', 'mysqld');
    return file === undefined ? undefined : new Mysqld(file);
  },
  async describe(url) {
    const [row] = (await query(url, 'SELECT VERSION() AS version')) as { version: string }[];
    const version = row?.version ?? '';
    return `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`;
  },
  async createDatabase(url, name) {
    await query(url, `CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  },
  async dropDatabase(url, name) {
    await query(url, `DROP DATABASE IF EXISTS \`${name}\``);
  },
};
