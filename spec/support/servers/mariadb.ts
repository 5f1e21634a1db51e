import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { type Command, type Engine, findProgram, type Program } from './engine.js';
import { unprivileged } from './unprivileged.js';

const USER = 'tester';
const PASSWORD = 'secret';

/** Run at each start. The user comes from everywhere, for the server looks up no names. */
const INIT_SQL = [
  `CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${PASSWORD}';`,
  `GRANT ALL PRIVILEGES ON *.* TO '${USER}'@'%' WITH GRANT OPTION;`,
  '',
].join('\n');

/** What becomes a server of MariaDB or MySQL. */
export class Mysqld implements Program {
  readonly source: string;
  readonly user = USER;
  readonly password = PASSWORD;
  readonly stopSignal = 'SIGTERM';
  readonly #call: Command;
  readonly #install: Command;

  /**
   * @param call - how it is called, whatever for
   * @param install - how an empty server's data are made; the folder is added
   */
  constructor(source: string, call: Command, install: Command) {
    this.source = source;
    this.#call = call;
    this.#install = install;
  }

  async prepare(folder: string): Promise<void> {
    await writeFile(join(folder, 'init.sql'), INIT_SQL);
    const { file, args, identity } = this.#install;
    const data = `--datadir=${join(folder, 'data')}`;
    // In one folder for all, servers that are made at once delete each other's temporary tables.
    const env = { ...process.env, TMPDIR: folder };
    await promisify(execFile)(file, [...args, data], { cwd: folder, ...identity, env });
  }

  command({ folder, port, durable }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    const settings = {
      datadir: join(folder, 'data'),
      tmpdir: folder,
      port,
      'bind-address': '127.0.0.1',
      socket: join(folder, 'sock'),
      'pid-file': join(folder, 'pid'),
      'init-file': join(folder, 'init.sql'),
      'innodb-flush-log-at-trx-commit': durable ? 1 : 2,
      // MySQL alone has to be told where tables may be beside its data.
      'loose-innodb-directories': folder,
    };
    const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const args = [...this.#call.args, ...flags, '--skip-name-resolve', '--skip-log-bin'];
    return { ...this.#call, args };
  }
}

function findMariaDb(): Program | undefined {
  const [file, installer] = [findProgram('mariadbd'), findProgram('mariadb-install-db')];
  if (file === undefined || installer === undefined) return undefined;
  const args = ['--no-defaults'];
  const identity = unprivileged();
  const flags = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  return new Mysqld(
    basename(file),
    { file, args, identity },
    { file: installer, args: [...args, ...flags], identity },
  );
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
  wanted: 'no MYSQL_URL, and no mariadbd with mariadb-install-db on the path',
  find: findMariaDb,
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
