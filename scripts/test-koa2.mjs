// Runs what depends on Koa and routing-controllers with the oldest generation of both that is supported: the specs of capture and
// of decorators, those of how the dashboard answers, and the projects of users that install the package. `npm run build` comes first.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SPECS = [
  '{capture,decorators,metadata,usage-tracker}/**/*.spec.js',
  // One by one: mocha takes braces without a star for a name.
  ...['access', 'answering', 'mounting'].map((name) => `dashboard/${name}.spec.js`),
  'package.spec.js',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const generation = join(root, 'spec/generations/koa2');
/** A copy of what is compiled, which finds the old packages in its own node_modules, and all others in those of the project. */
const copy = join(root, 'build/koa2');
const { dependencies } = JSON.parse(readFileSync(join(generation, 'package.json'), 'utf8'));

run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], generation);
rmSync(copy, { recursive: true, force: true });
for (const folder of ['src', 'spec']) {
  cpSync(join(root, 'build', folder), join(copy, folder), { recursive: true });
}
for (const name of Object.keys(dependencies)) {
  const link = join(copy, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(generation, 'node_modules', name), link, 'dir');
}
console.log(`With ${Object.keys(dependencies).map(versionOf).join(', ')}:`);
// Not the project's own configuration, to which mocha would add these files.
const options = ['--no-config', '--parallel', '--jobs=2', '--timeout=60000', '--forbid-only'];
const reporter = `--reporter=${join(root, 'build/spec/support/counting-reporter.js')}`;
const files = SPECS.map((pattern) => `build/koa2/spec/${pattern}`);
run(join(root, 'node_modules/.bin/mocha'), [...options, reporter, ...files], root);

/** What the copy finds by a package's name; an exact version that is asked for has to be it. */
function versionOf(name) {
  const require = createRequire(join(copy, 'src/index.js'));
  const { version } = require(`${name}/package.json`);
  const wanted = dependencies[name];
  if (/^\d/.test(wanted) && wanted !== version) throw new Error(`${name} is ${version}, not ${wanted}`);
  return `${name} ${version}`;
}

function run(program, args, cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
