import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Ended, run } from './run.js';

interface Manifest {
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
}

/** What `npm run test:koa2` has put in front of the project's own packages; not there in any other run. */
const OTHER_GENERATION = resolve(import.meta.dirname, '../../node_modules');

/** Packs the package as `npm publish` would, from what is built. */
export async function pack(folder: string): Promise<string> {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { code, stderr } = await run('npm', args);
  if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  return join(folder, String(name));
}

/**
 * A project of a user, outside the repository, with the package from its tarball. Packages are resolved by their
 * links, so nothing is found but what is linked here.
 */
export class Consumer {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param isMissing - tells the packages that this project does not have */
  static async make(tarball: string, isMissing: (name: string) => boolean = () => false): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'consumer-'));
    const own = join(folder, 'node_modules', 'koa-track-usage');
    await mkdir(own, { recursive: true });
    const unpacked = await run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
    if (unpacked.code !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
    const places = new Map<string, string>();
    for (const from of [resolve('node_modules'), OTHER_GENERATION]) {
      for (const name of await packagesIn(from)) places.set(name, join(from, name));
    }
    for (const [name, place] of places) {
      if (isMissing(name)) continue;
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(place, link, 'dir');
    }
    return new Consumer(folder);
  }

  /** What the installed package offers. */
  async manifest(): Promise<Manifest> {
    const path = join(this.folder, 'node_modules/koa-track-usage/package.json');
    return JSON.parse(await readFile(path, 'utf8')) as Manifest;
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(join(this.folder, name), content);
  }

  /** Runs one of its files. */
  node(file: string, args: readonly string[] = []): Promise<Ended> {
    // The other generation's packages find their own dependencies only where they really are.
    const links = existsSync(OTHER_GENERATION) ? [] : ['--preserve-symlinks', '--preserve-symlinks-main'];
    return run(process.execPath, [...links, file, ...args], this.folder);
  }

  /** Runs the program that the package brings. */
  async program(args: readonly string[]): Promise<Ended> {
    const { bin } = await this.manifest();
    return this.node(join('node_modules/koa-track-usage', String(bin['koa-track-usage'])), args);
  }

  /** Compiles it by its `tsconfig.json`. */
  tsc(): Promise<Ended> {
    return run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', '.'], this.folder);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

async function packagesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith('.')) continue;
    if (!name.startsWith('@')) names.push(name);
    else for (const scoped of await readdir(join(folder, name))) names.push(`${name}/${scoped}`);
  }
  return names;
}
