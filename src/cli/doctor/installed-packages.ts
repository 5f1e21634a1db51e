import { readFile, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A copy of a package. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** pnpm keeps every package in a folder of its own in here. */
const PNPM_STORE = '.pnpm';

/**
 * Finds every copy of some packages that a project may load: in its folder and those above, and in those of its packages.
 *
 * @param isWanted - tells the packages by their names
 */
export async function findInstalled(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<readonly InstalledPackage[]> {
  const found = new Map<string, InstalledPackage>();
  for (const place of foldersUpFrom(folder)) await search(join(place, 'node_modules'), isWanted, found);
  return [...found.values()];
}

function foldersUpFrom(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersUpFrom(above)];
}

async function search(
  modules: string,
  isWanted: (name: string) => boolean,
  found: Map<string, InstalledPackage>,
): Promise<void> {
  for (const name of await namesIn(modules)) {
    const place = join(modules, name);
    if (isWanted(name)) await note(name, place, found);
    await search(join(place, 'node_modules'), isWanted, found);
  }
  for (const entry of await foldersIn(join(modules, PNPM_STORE)))
    await search(join(modules, PNPM_STORE, entry, 'node_modules'), isWanted, found);
}

/** The names of the packages in a folder that are there themselves, and not by a link. */
async function namesIn(modules: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await foldersIn(modules)) {
    if (name.startsWith('.')) continue;
    if (!name.startsWith('@')) names.push(name);
    else for (const scoped of await foldersIn(join(modules, name))) names.push(`${name}/${scoped}`);
  }
  return names;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function note(name: string, place: string, found: Map<string, InstalledPackage>): Promise<void> {
  try {
    const manifest = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as { version?: unknown };
    const folder = await realpath(place);
    found.set(folder, { name, version: String(manifest.version), folder });
  } catch {
    // A folder without a manifest is no package.
  }
}
