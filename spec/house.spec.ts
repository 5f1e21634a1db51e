import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { run } from './support/run.js';

/** For each place in the house, something that it must not import, `import type` included. */
const OFFENCES: readonly (readonly [file: string, statement: string])[] = [
  ['src/record/offence.ts', "import type { UsageStorage } from '../storage/usage-storage.js';"],
  ['src/record/offence.ts', "import { OptionReader } from '../option-reader.js';"],
  ['src/option-reader.ts', "import type { UsageRecord } from './record/usage-record.js';"],
  ['src/options/offence.ts', "import { PrinterStorage } from '../backends/printer/printer-storage.js';"],
  ['src/storage/offence.ts', "import type { TrackerSettings } from '../options/tracker-options.js';"],
  ['src/storage/offence.ts', "import { PrinterStorage } from '../backends/printer/printer-storage.js';"],
  ['src/pipeline/offence.ts', "import { metrics } from '@opentelemetry/api';"],
  ['src/usage-tracker/offence.ts', "import { metrics } from '@opentelemetry/api';"],
  ['src/metrics/offence.ts', "import type { Capture } from '../capture/capture.js';"],
  ['src/metadata/offence.ts', "import { sealRecord } from '../record/seal.js';"],
  ['src/decorators/offence.ts', "import type { UsageRecord } from '../record/usage-record.js';"],
  ['src/options/offence.ts', "import { Pipeline } from '../pipeline/pipeline.js';"],
  ['src/capture/offence.ts', "import type { Pipeline } from '../pipeline/pipeline.js';"],
  ['src/capture/exchange/offence.ts', "import type { UsageStorage } from '../../storage/usage-storage.js';"],
  ['src/endpoint/offence.ts', "import { knownActions } from '../capture/attribution/action-hook.js';"],
  [
    'src/pipeline/lane/offence.ts',
    "import type { TrackerSettings } from '../../options/tracker-options.js';",
  ],
  ['src/backends/printer/offence.ts', "import { UsageRepository } from '../mikro-orm/usage-repository.js';"],
  ['src/backends/mikro-orm/offence.ts', "import { MongoStorage } from '../mongo/mongo-storage.js';"],
  ['src/backends/sql/sqlite/offence.ts', "import { documentOf } from '../../mongo/usage-document.js';"],
  ['src/backends/base/offence.ts', "import { createClient } from '@clickhouse/client';"],
  ['src/backends/clickhouse/offence.ts', "import { Usage } from '../mikro-orm/usage-repository.js';"],
  ['src/backends/sql/offence.ts', "import type { MongoDriver } from '@mikro-orm/mongodb';"],
  ['src/backends/mongo/offence.ts', "import type { Collection } from 'mongodb';"],
  ['src/backends/mongo/offence.ts', "const driver = await import('@mikro-orm/sqlite');"],
  ['src/testing/offence.ts', "import { Pipeline } from '../pipeline/pipeline.js';"],
  ['src/time/clock.ts', "import { sealRecord } from '../record/seal.js';"],
  ['src/errors.ts', "import type { UsageRecord } from './record/usage-record.js';"],
  ['src/public-address.ts', "import { TrackUsageError } from './errors.js';"],
  ['src/report/offence.ts', "import { run } from '../cli/run.js';"],
  ['src/cli/offence.ts', "import { Capture } from '../capture/capture.js';"],
  ['src/usage-tracker/offence.ts', "import { SqliteDriver } from '@mikro-orm/sqlite';"],
  ['src/index.ts', "export { SqlStorage } from './backends/sql/index.js';"],
  ['src/index.ts', "export { MemoryStorage } from './testing/index.js';"],
  ['src/index.ts', "export { MikroORM } from '@mikro-orm/core';"],
  ['src/index.ts', "export { httpGeo } from './geo/index.js';"],
  ['src/geo/offence.ts', "import type { GeoSettings } from '../options/geo-options.js';"],
  ['src/capture/offence.ts', "import { open } from 'maxmind';"],
  ['src/elsewhere/offence.ts', "export const room = 'that nobody has planned';"],
];

interface Diagnostic {
  readonly code?: string;
  readonly filename: string;
}

interface Lock {
  readonly packages: Record<string, Record<string, unknown> & { optionalDependencies?: object }>;
}

describe('The house rules', function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'house-'));
    await cp('.oxlintrc.json', join(folder, '.oxlintrc.json'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'dir');
  });

  after(() => rm(folder, { recursive: true, force: true }));

  /** Makes a copy of the sources with these files written over it. */
  async function write(files: Record<string, string>): Promise<void> {
    await rm(join(folder, 'src'), { recursive: true, force: true });
    await cp('src', join(folder, 'src'), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
  }

  /** What `npm run lint` finds in the copy of what may import which. */
  async function offences(): Promise<string[]> {
    const { stdout, stderr } = await run(process.execPath, [resolve('scripts/check-house.mjs'), folder]);
    expect(stderr).to.equal('');
    return stdout
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith('keep to the table.'));
  }

  /** What oxlint finds in a copy of the sources with these files written over it. */
  async function lint(files: Record<string, string>): Promise<Diagnostic[]> {
    await write(files);
    const oxlint = resolve('node_modules/oxlint/bin/oxlint');
    const { stdout, stderr } = await run(process.execPath, [oxlint, '--format', 'json', 'src'], folder);
    expect(stderr).to.equal('');
    return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
  }

  async function trackedFiles(): Promise<string[]> {
    const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
    return stdout.trim().split('\n');
  }

  it('are kept by the sources', async () => {
    expect(await lint({})).to.deep.equal([]);
    expect(await offences()).to.deep.equal([]);
  });

  it('let no folder import what stands above it', async () => {
    const files: Record<string, string> = {};
    for (const [index, [file, statement]] of OFFENCES.entries()) {
      const name = file.replace('offence', `offence-${index}`);
      const own = await readFile(name, 'utf8').catch(() => '');
      files[name] = `${statement}\n${files[name] ?? own}`;
    }
    await write(files);
    const found = await offences();
    for (const [index, [file]] of OFFENCES.entries()) {
      const name = file.replace('offence', `offence-${index}`);
      expect(
        found.filter((line) => line.startsWith(name)),
        `${file}: ${index}`,
      ).not.to.have.length(0);
    }
  });

  it('let no folders import each other in a circle, though no file does', async () => {
    await write({
      'src/capture/exchange/one.ts':
        "import type { Two } from '../request/two.js';\nexport type One = Two | 1;\n",
      'src/capture/request/two.ts': 'export type Two = 2;\n',
    });
    expect(await offences()).to.deep.equal([]);
    await write({
      'src/capture/exchange/one.ts':
        "import type { Two } from '../request/two.js';\nexport type One = Two | 1;\n",
      'src/capture/request/two.ts': "export type { Exchange as Two } from '../exchange/exchange.js';\n",
    });
    expect(await offences()).to.have.length(1);
    expect((await offences())[0]).to.match(/^a circle in src\/capture: exchange → request → exchange/);
  });

  it('let no imports run in a circle, types included', async () => {
    const found = await lint({
      'src/record/one.ts': "import type { Two } from './two.js';\nexport type One = Two | 1;\n",
      'src/record/two.ts': "import type { One } from './one.js';\nexport type Two = One | 2;\n",
    });
    const circles = found.filter(({ code }) => code?.includes('no-cycle'));
    expect([...new Set(circles.map(({ filename }) => filename))]).to.have.members([
      'src/record/one.ts',
      'src/record/two.ts',
    ]);
  });

  it('keep paths and registries of a machine out of the files', async () => {
    const forbidden = [process.cwd(), `${homedir()}/`, `${tmpdir()}/`, '"resolved":', '_authToken'];
    const offenders: string[] = [];
    for (const name of await trackedFiles()) {
      if (name === 'spec/house.spec.ts') continue;
      const content = await readFile(name, 'utf8').catch(() => '');
      for (const text of forbidden) if (content.includes(text)) offenders.push(`${name}: ${text}`);
    }
    expect(offenders).to.deep.equal([]);
  });

  describe('of the lock file', () => {
    let lock: Lock;
    let manifest: Record<string, unknown>;

    before(async () => {
      lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lock;
      manifest = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, unknown>;
    });

    it('say what package.json says', () => {
      const root = lock.packages[''];
      for (const field of ['version', 'dependencies', 'devDependencies', 'peerDependencies', 'engines']) {
        expect(root?.[field], field).to.deep.equal(manifest[field]);
      }
    });

    it('name every optional dependency, or npm ci refuses it', () => {
      const missing: string[] = [];
      for (const [path, { optionalDependencies }] of Object.entries(lock.packages)) {
        for (const name of Object.keys(optionalDependencies ?? {})) {
          const places = [`node_modules/${name}`, `${path}/node_modules/${name}`];
          if (!places.some((place) => place in lock.packages)) missing.push(name);
        }
      }
      expect(missing).to.deep.equal([]);
    });
  });
});
