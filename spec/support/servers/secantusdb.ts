import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findProgram, type Program } from './engine.js';

/** The version of PyPI. */
const VERSION = '0.7.0b3';

const SUPERUSER = { user: 'root', password: 'secret' };

/** Its README's way to users: they are made while it asks for no password, and known when it does. */
const MAKE_USER = `
import sys
from pymongo import MongoClient
from secantus import SecantusDBServer
folder, user, password = sys.argv[1:]
with SecantusDBServer(port=0, storage_path=folder) as server, MongoClient(server.uri) as client:
    client.admin.command("createUser", user, pwd=password, roles=["root"])
`;

const run = promisify(execFile);

/** Where it is or will be: in a virtual environment of Python's. */
function root(): string {
  return join(cacheFolder(), `secantusdb-${VERSION}`);
}

function python(folder = root()): string {
  return join(folder, 'bin', 'python');
}

/** Puts the server and what it needs into the cache folder, from PyPI, without a trace in what Python has on this machine. */
export async function fetchSecantusDB(): Promise<void> {
  const python3 = findProgram('python3');
  if (python3 === undefined) throw new Error('there is no python3 on the path');
  process.stdout.write(`SecantusDB ${VERSION} of PyPI is put into ${root()}, once.\n`);
  const unfinished = `${root()}.${process.pid}`;
  await mkdir(cacheFolder(), { recursive: true });
  try {
    await run(python3, ['-m', 'venv', '--without-pip', unfinished]);
    const pip = ['-m', 'pip', '--python', python(unfinished), 'install', '--quiet'];
    // Nothing of what is fetched runs before the server does.
    await run(python3, [...pip, '--only-binary=:all:', `secantusdb==${VERSION}`]);
    await rename(unfinished, root());
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

const secantus: Program = {
  ...SUPERUSER,
  source: 'PyPI',
  stopSignal: 'SIGTERM',
  async prepare(folder) {
    const { user, password } = SUPERUSER;
    await run(python(), ['-c', MAKE_USER, join(folder, 'data'), user, password]);
  },
  command({ folder, port, durable }) {
    const where = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(folder, 'data')];
    const args = ['-m', 'secantus', '--auth', ...where, ...(durable ? ['--sync-on-commit'] : [])];
    // It minds no root, and others may not come to root's cache folder.
    return { file: python(), args, identity: {} };
  },
};

/** SecantusDB where it was fetched. */
export function findSecantusDB(): Program | undefined {
  return existsSync(python()) ? secantus : undefined;
}
