import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findProgram, type Program } from './engine.js';

/** The program's sources are not compiled with the specs: npm scripts run in the project's folder. */
const SOURCES = resolve('spec/support/servers/ferretdb');

/** A build of all that FerretDB needs takes minutes on a small machine. */
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** The version that is built. The server cannot tell it: a module does not contain the file that would say. */
export function ferretVersion(): string {
  const [, version] = /FerretDB\/FerretDB v(\S+)/.exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8')) ?? [];
  return version ?? 'unknown';
}

/** Where the server is or will be, named by what it is made of. */
function builtPath(): string {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(SOURCES, name)));
  return join(cacheFolder(), `ferretdb-${hash.digest('hex').slice(0, 16)}`);
}

/** Builds the server unless the cache has it, and answers where it is. Another process may do the same meanwhile. */
export async function buildFerret(go: string | undefined): Promise<string> {
  const built = builtPath();
  if (existsSync(built) || go === undefined) return built;
  process.stdout.write(`FerretDB ${ferretVersion()} is built into ${built}, once; this may take minutes.\n`);
  await mkdir(cacheFolder(), { recursive: true });
  const unfinished = `${built}.${process.pid}`;
  try {
    const args = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', unfinished, '.'];
    await promisify(execFile)(go, args, { cwd: SOURCES, timeout: BUILD_TIMEOUT_MS });
    await rename(unfinished, built);
  } finally {
    await rm(unfinished, { force: true });
  }
  return built;
}

class Ferret implements Program {
  readonly source = 'built with Go';
  readonly user = '';
  readonly password = '';
  readonly stopSignal = 'SIGTERM';
  readonly #go: string | undefined;

  constructor(go: string | undefined) {
    this.#go = go;
  }

  async prepare(): Promise<void> {
    await buildFerret(this.#go);
  }

  command({ folder, port }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    // It minds no root, and others may not come to root's cache folder.
    return { file: builtPath(), args: [`127.0.0.1:${port}`, join(folder, 'data')], identity: {} };
  }
}

/** FerretDB where it was built or can be. */
export function findFerret(): Program | undefined {
  const go = findProgram('go');
  return go === undefined && !existsSync(builtPath()) ? undefined : new Ferret(go);
}
