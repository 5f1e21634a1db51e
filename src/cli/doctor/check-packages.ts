import { createRequire } from 'node:module';
import { type Finding, fault, fine } from './finding.js';
import { type InstalledPackage, findInstalled } from './installed-packages.js';
import { isWithinRange } from './versions.js';

/** Packages of which a process must have one copy: a second one has a register, or tokens, of its own. */
const ONCE = ['routing-controllers', 'typedi', 'koa-track-usage'];

const MIKRO_ORM = '@mikro-orm/';

/** What stands in the manifest of this package. */
interface Manifest {
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Looks at the version of Node, and at the packages that are installed for a project. */
export async function checkPackages(folder: string): Promise<Finding[]> {
  const { engines, peerDependencies: peers } = createRequire(import.meta.url)(
    'koa-track-usage/package.json',
  ) as Manifest;
  const isWanted = (name: string): boolean =>
    name in peers || ONCE.includes(name) || name.startsWith(MIKRO_ORM);
  const installed = await findInstalled(folder, isWanted);
  return [
    checkNode(process.versions.node, engines.node),
    ...checkCopies(installed),
    ...checkMikroOrm(installed.filter(({ name }) => name.startsWith(MIKRO_ORM))),
    ...checkRanges(installed, peers),
  ];
}

/** Whether this Node will do. */
export function checkNode(version: string, range: string): Finding {
  if (isWithinRange(version, range)) return fine(`Node ${version}`);
  return fault(`Node ${version} is too old`, process.execPath, `Install one that is ${range}.`);
}

/** Whether a package is installed twice of which there must be one. */
function checkCopies(installed: readonly InstalledPackage[]): Finding[] {
  return ONCE.flatMap((name) => {
    const copies = installed.filter((one) => one.name === name);
    if (copies.length < 2) return copies.map(({ version, folder }) => fine(`${name} ${version}`, folder));
    const versions = copies.map(({ version }) => version).join(', ');
    return fault(
      `${copies.length} copies of ${name} are installed (${versions}): what is registered with one of them, the other does not know`,
      copies.map(({ folder }) => folder).join(', '),
      `Have one alone: npm ls ${name} shows who asks for which, and npm dedupe joins them where the ranges allow it.`,
    );
  });
}

/** Whether all packages of MikroORM are of one version, as they have to be. */
function checkMikroOrm(installed: readonly InstalledPackage[]): Finding[] {
  const byVersion = Map.groupBy(installed, ({ version }) => version);
  if (byVersion.size <= 1) return [...byVersion.keys()].map((version) => fine(`MikroORM ${version}`));
  const told = [...byVersion].map(
    ([version, packages]) => `${version} (${packages.map(({ name }) => name).join(', ')})`,
  );
  return [
    fault(
      `The packages of MikroORM are of several versions: ${told.join('; ')}`,
      null,
      'Install all of them in one version, to the patch: npm install --save-exact.',
    ),
  ];
}

/** Whether packages are within the ranges that this one works with. */
function checkRanges(
  installed: readonly InstalledPackage[],
  peers: Readonly<Record<string, string>>,
): Finding[] {
  return installed.flatMap(({ name, version, folder }) => {
    const range = peers[name];
    if (range === undefined || isWithinRange(version, range)) return [];
    return fault(`${name} ${version} does not fit`, folder, `Install a version within ${range}.`);
  });
}
