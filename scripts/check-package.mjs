// Packs the tarball and checks what users would get: its files, its imports, its types.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const REQUIRED = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
const ALLOWED = /^dist\/(?!.*\.spec\.)[\w./-]+\.(js|d\.ts)$|^docs\/[\w-]+\.md$/;
/** The optional peers that may be reached from each entry. The first ones work with none installed. */
const PEERS = {
  '.': [],
  './storage': [],
  './testing': [],
  './geo': [],
  './cli': [],
  './clickhouse': [],
  './sql': ['@mikro-orm/core', '@mikro-orm/sql'],
  './mongo': ['@mikro-orm/core'],
  './jetstream': ['@nats-io/jetstream', '@nats-io/transport-node'],
};

const problems = [];
const folder = mkdtempSync(join(tmpdir(), 'package-check-'));
try {
  const tarball = pack();
  run('publint', ['run', tarball, '--strict']);
  run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii']);
  const files = unpack(tarball);
  checkFiles(files);
  checkDependencies(files);
  for (const [entry, peers] of Object.entries(PEERS)) checkReach(files, entry, peers);
  report(files);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pack() {
  if (!existsSync(join(root, 'dist', 'index.js'))) stop('there is no dist; run npm run build first');
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const packed = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  if (packed.status !== 0) stop(`npm pack failed:\n${packed.stderr}`);
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

/** Runs a checker of the project, and shows what it says only if it refuses. */
function run(tool, args) {
  const bin = join(root, 'node_modules/.bin', tool);
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) problems.push(`${tool} refuses the tarball:\n${stdout}${stderr}`);
}

/** @returns {Map<string, string>} the text of each file by its path */
function unpack(tarball) {
  const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', folder], { encoding: 'utf8' });
  if (unpacked.status !== 0) stop(`tar failed:\n${unpacked.stderr}`);
  const top = join(folder, 'package');
  return new Map(
    readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(top, path), readFileSync(path, 'utf8')]),
  );
}

function checkFiles(files) {
  for (const name of REQUIRED) if (!files.has(name)) problems.push(`${name} is missing`);
  for (const name of files.keys()) {
    if (!REQUIRED.includes(name) && !ALLOWED.test(name)) problems.push(`${name} does not belong there`);
  }
  const machine = [root, `${homedir()}/`, `${tmpdir()}/`].map((path) => RegExp.escape(path));
  const path = new RegExp(`(?<![\\w.])(?:${machine.join('|')})|file:///`);
  for (const [name, text] of files) {
    const [found] = path.exec(text) ?? [];
    if (found !== undefined) problems.push(`${name} names a path of this machine: ${found}`);
    if (text.includes('sourceMappingURL'))
      problems.push(`${name} points to a source map, and none is shipped`);
  }
}

function checkDependencies(files) {
  const own = Object.keys(manifest.dependencies ?? {});
  const declared = new Set([...own, ...Object.keys(manifest.peerDependencies ?? {})]);
  const imported = new Set();
  for (const [name, text] of files) {
    if (!name.startsWith('dist/')) continue;
    for (const specifier of externalImports(text)) {
      const wanted = packageOf(specifier);
      if (name.endsWith('.js')) imported.add(wanted);
      if (!declared.has(wanted))
        problems.push(`${name} imports ${specifier}, which package.json does not declare`);
    }
  }
  for (const name of own) {
    if (!imported.has(name)) problems.push(`package.json depends on ${name}, which no file imports`);
  }
}

/** Follows an entry's imports, in code and in types. */
function checkReach(files, entry, peers) {
  const optional = Object.entries(manifest.peerDependenciesMeta ?? {}).filter(([, meta]) => meta.optional);
  const forbidden = new Set(optional.map(([name]) => name).filter((name) => !peers.includes(name)));
  const open = Object.values(manifest.exports[entry]).map((path) => posix.normalize(path));
  const seen = new Set(open);
  for (const name of open) {
    const text = files.get(name);
    if (text === undefined) {
      problems.push(`${name}, which '${entry}' leads to, is missing`);
      continue;
    }
    // Code may ask for a peer when it runs, and do without; types may not.
    const demanded = name.endsWith('.d.ts') ? text : text.replaceAll(/\bimport\(/g, 'ask(');
    for (const specifier of externalImports(demanded)) {
      if (!forbidden.has(packageOf(specifier))) continue;
      problems.push(`${name}, which '${entry}' leads to, imports the optional peer ${specifier}`);
    }
    for (const specifier of importsOf(text).filter((candidate) => candidate.startsWith('.'))) {
      const target = posix.join(dirname(name), specifier);
      const next = name.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
}

function externalImports(text) {
  return importsOf(text).filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'));
}

/** What a compiled module imports. Statements start their line; text that speaks of imports does not. */
function importsOf(text) {
  const statements = /^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;
  const calls = /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [statements, calls].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, first, second]) => first ?? second),
  );
}

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function report(files) {
  for (const problem of problems) console.error(`package: ${problem}.`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`The package is sound: ${files.size} files, every import declared.`);
}

function stop(reason) {
  console.error(`package: ${reason}.`);
  rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}
