// Holds the imports of src/ against the table below, `import type` included, and looks for circles at each level of the tree.
// Usage: node scripts/check-house.mjs [FOLDER]   (the folder that holds src/; the working folder by default)
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** What storages on MikroORM may import. */
const ON_MIKRO_ORM = [
  'backends/base',
  'backends/mikro-orm',
  'summary',
  'storage',
  'record',
  'option-reader',
  'errors',
  'time',
];

/** What each place may import of the others; a place's own files may always import each other. The longest name counts. */
const MAY_IMPORT = {
  errors: [],
  time: ['errors'],
  'public-address': [],
  'process-hooks': [],
  'option-reader': ['errors'],
  record: ['errors', 'time'],
  metadata: ['errors', 'option-reader'],
  decorators: ['metadata', 'errors'],
  storage: ['record', 'errors', 'option-reader'],
  summary: ['storage', 'record', 'option-reader', 'errors', 'time'],
  options: ['summary', 'metadata', 'storage', 'record', 'option-reader', 'errors', 'time'],
  capture: ['metadata', 'record', 'options', 'errors', 'time', 'public-address'],
  endpoint: ['summary', 'storage', 'metadata', 'record', 'options', 'option-reader', 'errors', 'time'],
  report: ['endpoint', 'summary', 'storage', 'record', 'option-reader', 'errors', 'time'],
  cli: [
    'worker',
    'report',
    'endpoint',
    'summary',
    'backends/sql',
    'backends/mongo',
    'backends/clickhouse',
    'storage',
    'options',
    'cli/compiled',
    'usage-tracker',
    'pipeline',
    'testing',
    'record',
    'option-reader',
    'errors',
    'time',
  ],
  'cli/compiled': ['cli', 'capture', 'endpoint', 'report', 'record', 'option-reader'],
  dashboard: ['report', 'endpoint', 'storage', 'capture', 'record', 'option-reader', 'errors', 'time'],
  pipeline: ['storage', 'record', 'errors', 'time'],
  metrics: ['pipeline', 'errors'],
  geo: ['record', 'option-reader', 'errors', 'public-address'],
  'backends/printer': ['storage', 'record', 'option-reader', 'errors', 'time'],
  'backends/base': ['summary', 'storage', 'record', 'option-reader', 'errors', 'time'],
  'backends/clickhouse': ['backends/base', 'summary', 'storage', 'record', 'option-reader', 'errors', 'time'],
  'backends/mikro-orm': ['backends/base', 'summary', 'storage', 'record', 'option-reader', 'errors', 'time'],
  'backends/sql': ON_MIKRO_ORM,
  'backends/mongo': ON_MIKRO_ORM,
  'backends/jetstream': ['storage', 'record', 'option-reader', 'errors', 'time'],
  testing: ['endpoint', 'summary', 'storage', 'record', 'option-reader', 'errors', 'time'],
  'usage-tracker': [
    'summary',
    'capture',
    'endpoint',
    'pipeline',
    'metrics',
    'options',
    'metadata',
    'storage',
    'process-hooks',
    'record',
    'option-reader',
    'errors',
    'time',
  ],
  worker: [
    'usage-tracker',
    'backends/jetstream',
    'summary',
    'pipeline',
    'options',
    'storage',
    'record',
    'option-reader',
    'errors',
    'time',
  ],
  index: [
    'usage-tracker',
    'report',
    'summary',
    'capture',
    'endpoint',
    'pipeline',
    'options',
    'decorators',
    'metadata',
    'storage',
    'record',
    'errors',
    'time',
    'backends/printer',
  ],
};

/** Optional peers, and the places that may import them: the root import works with none of them installed. */
const PEERS = {
  '@clickhouse/client': ['backends/clickhouse', 'cli'],
  '@mikro-orm/core': ['backends/mikro-orm', 'backends/sql', 'backends/mongo', 'cli'],
  '@mikro-orm/sql': ['backends/sql'],
  '@mikro-orm/mongodb': ['backends/mongo', 'cli'],
  '@mikro-orm/sqlite': ['cli'],
  '@mikro-orm/postgresql': ['cli'],
  '@mikro-orm/mysql': ['cli'],
  '@mikro-orm/mariadb': ['cli'],
  mongodb: [],
  '@nats-io/jetstream': ['backends/jetstream'],
  '@nats-io/transport-node': ['backends/jetstream'],
  '@opentelemetry/api': ['metrics'],
  maxmind: ['geo'],
};

const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** The place of a file, by its path below src/ without the ending. */
function placeOf(path) {
  const places = Object.keys(MAY_IMPORT).filter((place) => path === place || path.startsWith(`${place}/`));
  return places.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

function readSources(folder) {
  const root = join(folder, 'src');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(sep).join('/'))
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .map((name) => {
      const text = readFileSync(join(root, name), 'utf8');
      const imports = [...text.matchAll(IMPORT)].map(([, target]) => target);
      return { path: name.replace(/(\.d)?\.ts$/, ''), imports };
    });
}

/** Imports of other files by their paths below src/, and those of packages by their names. */
function resolveImports({ path, imports }) {
  return imports.map((target) =>
    target.startsWith('.')
      ? { file: posix.join(posix.dirname(path), target).replace(/\.js$/, '') }
      : { package: target },
  );
}

function importOffences(source) {
  const place = placeOf(source.path);
  if (place === null)
    return [`src/${source.path}.ts stands in no place of the table in scripts/check-house.mjs`];
  return resolveImports(source).flatMap((target) => {
    const found = 'file' in target ? fileOffence(place, target.file) : packageOffence(place, target.package);
    return found === null ? [] : [`src/${source.path}.ts: ${found}`];
  });
}

function fileOffence(place, file) {
  const target = placeOf(file);
  if (target === place || MAY_IMPORT[place].includes(target)) return null;
  return `${place} may import ${MAY_IMPORT[place].join(', ') || 'nobody'}, and not ${file}`;
}

function packageOffence(place, name) {
  const peer = Object.keys(PEERS).find((known) => name === known || name.startsWith(`${known}/`));
  const allowed = peer === undefined ? (name.startsWith('@mikro-orm/') ? [] : null) : PEERS[peer];
  if (allowed === null || allowed.includes(place)) return null;
  return `${name} is an optional peer: only ${allowed.join(', ') || 'nobody'} may import it`;
}

/** At each level, files and folders that stand side by side may import each other in one direction only. */
function circles(sources) {
  const levels = new Map();
  for (const source of sources) {
    for (const { file } of resolveImports(source)) {
      if (file === undefined) continue;
      const [from, to] = [source.path.split('/'), file.split('/')];
      const depth = from.findIndex((part, index) => part !== to[index]);
      if (depth < 0) continue;
      const level = from.slice(0, depth).join('/');
      const edges = levels.get(level) ?? levels.set(level, new Map()).get(level);
      const targets = edges.get(from[depth]) ?? edges.set(from[depth], new Map()).get(from[depth]);
      targets.set(to[depth], `src/${source.path}.ts`);
    }
  }
  return [...levels].flatMap(([level, edges]) => circlesOf(level, edges));
}

function circlesOf(level, edges) {
  return [...edges.keys()].flatMap((entry) => {
    const way = wayBack(entry, edges);
    // One report a circle: at the entry that comes first by name.
    if (way === null || way.some((other) => other < entry)) return [];
    const steps = way.map((from, index) => edges.get(from).get(way[(index + 1) % way.length]));
    return [`a circle in src/${level}: ${[...way, entry].join(' → ')} (${steps.join(', ')})`];
  });
}

/** The shortest way from an entry back to itself; null if there is none. */
function wayBack(start, edges) {
  const ways = [[start]];
  const seen = new Set();
  for (const way of ways) {
    for (const next of edges.get(way.at(-1))?.keys() ?? []) {
      if (next === start) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return null;
}

const folder = process.argv[2] ?? '.';
const sources = readSources(folder);
const offences = [...sources.flatMap(importOffences), ...circles(sources)];
for (const offence of offences) console.log(offence);
if (offences.length > 0) process.exitCode = 1;
else
  console.log(
    `${sources.length} files below ${relative('.', join(folder, 'src')) || 'src'} keep to the table.`,
  );
