import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Command, type Engine, cacheFolder, findProgram, type Program } from './engine.js';
import { mariadb, Mysqld } from './mariadb.js';
import { type Identity, unprivileged } from './unprivileged.js';

/** Debian's suite that has MySQL: none of its releases does. */
const SUITE = 'sid';

/** What MySQL wants to be told and MariaDB does not know: a port of its own, and a folder that need not be there. */
const FLAGS = ['--no-defaults', '--mysqlx=OFF', '--secure-file-priv=NULL'];

const run = promisify(execFile);

/** Where Debian's packages of the server are or will be. */
function root(): string {
  return join(cacheFolder(), 'mysql');
}

/**
 * Puts the server and its libraries into the cache folder: from the mirror of Debian that this machine has, without a trace
 * in the lists and packages of the machine.
 */
export async function fetchMySql(): Promise<void> {
  const unfinished = `${root()}.${process.pid}`;
  try {
    process.stdout.write(`MySQL of Debian's ${SUITE} is put into ${root()}, once.\n`);
    const archives = await download(join(unfinished, 'apt'));
    for (const archive of archives) await run('dpkg', ['-x', archive, unfinished]);
    await rm(join(unfinished, 'apt'), { recursive: true });
    await rename(unfinished, root());
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Has apt download the server and everything below it, as for a machine on which nothing is installed. */
async function download(folder: string): Promise<string[]> {
  const [, mirror] = /^'(\S+\/debian)\/dists\//m.exec(await apt(['update', '--print-uris'])) ?? [];
  if (mirror === undefined) throw new Error('apt has no mirror of Debian');
  const archives = join(folder, 'cache', 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(folder, 'state', 'lists', 'partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(join(folder, 'sources.list'), `deb [signed-by=${keys}] ${mirror} ${SUITE} main\n`);
  const settings = [
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::status=${join(folder, 'status')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Acquire::Languages=none',
  ];
  await apt(['update'], settings);
  await apt(
    ['install', '--download-only', '--yes', '--no-install-recommends', 'mysql-server-core'],
    settings,
  );
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
}

/** Runs apt as who we are: it would become another user, who may not come here. */
async function apt(args: readonly string[], settings: readonly string[] = []): Promise<string> {
  const options = ['Debug::NoLocking=1', 'APT::Sandbox::User=root', ...settings];
  const { stdout } = await run('apt-get', [...options.flatMap((option) => ['-o', option]), ...args]);
  return stdout;
}

/** How the server of the cache is called: through its own loader, as its libraries are newer than this machine's. */
function cached(): Command | undefined {
  const usr = join(root(), 'usr');
  const [loader] = globSync(join(usr, 'lib', '*', 'ld-linux*.so.*'));
  const file = join(usr, 'sbin', 'mysqld');
  if (loader === undefined || !existsSync(file)) return undefined;
  const share = join(usr, 'share', 'mysql');
  const folders = [
    `--basedir=${usr}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--plugin-dir=${join(usr, 'lib', 'mysql', 'plugin')}`,
  ];
  const args = ['--library-path', dirname(loader), file, ...FLAGS, ...folders];
  // Others may not come to root's cache folder.
  const identity: Identity = {};
  return { file: loader, args: process.getuid?.() === 0 ? [...args, '--user=root'] : args, identity };
}

/** How a server on the path is called. MariaDB has a `mysqld` too. */
function installed(): Command | undefined {
  const file = findProgram('mysqld');
  if (file === undefined || execFileSync(file, ['--version'], { encoding: 'utf8' }).includes('MariaDB'))
    return undefined;
  return { file, args: FLAGS, identity: unprivileged() };
}

let found: Program | undefined;

/** MySQL itself, which MariaDB is not. */
export const mysql: Engine = {
  ...mariadb,
  title: 'MySQL',
  variable: 'MYSQL8_URL',
  wanted: "no MYSQL8_URL, no mysqld of MySQL on the path, and Debian's is not in the cache (npm run servers)",
  find() {
    const call = found === undefined ? (installed() ?? cached()) : undefined;
    if (call === undefined) return found;
    const source = call.args === FLAGS ? 'mysqld' : `Debian ${SUITE}`;
    found = new Mysqld(source, call, { ...call, args: [...call.args, '--initialize-insecure'] });
    return found;
  },
};
