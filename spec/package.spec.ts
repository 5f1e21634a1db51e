import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Consumer, pack } from './support/consumer.js';

const APPLICATION = `
import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import {
  PrinterStorage, StorageToken, TrackUsageError, TrackedController, Tracked, Untracked, UntrackedController,
  trackUsage, tracked, untracked, type TrackUsageOptions, type UsageRecord, type UsageStorage,
} from 'koa-track-usage';
import { httpGeo, maxmindGeo, type GeoLookup } from 'koa-track-usage/geo';
import { SqlStorage, UsageRepository, defineUsage } from 'koa-track-usage/sql';
import { TEXT_LIMITS, type StoreResult, type UsageReader } from 'koa-track-usage/storage';
import { ManualClock, MemoryStorage } from 'koa-track-usage/testing';
import { Get, JsonController, useContainer, useKoaServer } from 'routing-controllers';
import { Container, Service } from 'typedi';

@Service() @TrackedController() @JsonController('/things')
class ThingController {
  constructor(private readonly usage: UsageRepository) {}
  @Get('/') list(): string[] { return ['a']; }
  @Untracked() @Get('/usage') async recent(): Promise<UsageRecord[]> { return this.usage.getUsage({ limit: 5 }); }
}

@Service() @UntrackedController() @JsonController('/other')
class OtherController {
  @Tracked() @Get('/') list(): string[] { return []; }
}

useContainer(Container);
const memory = new MemoryStorage();
const storages: UsageStorage[] = [
  await SqlStorage.connect({ driver: SqliteDriver, dbName: ':memory:' }), memory, new PrinterStorage(),
];
Container.set(StorageToken, storages);
const options: TrackUsageOptions = { serverName: 'consumer' };
const usage = trackUsage(options);
const app = new Koa().use(usage);
useKoaServer(app, { controllers: [ThingController, OtherController] });
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = \`http://127.0.0.1:\${(server.address() as AddressInfo).port}\`;
await (await fetch(origin + '/things')).text();
while (usage.tracker.stats().accepted < 3) await new Promise((resolve) => setTimeout(resolve, 1));
await usage.tracker.flush();
const read = await (await fetch(origin + '/things/usage')).json() as UsageRecord[];
server.close();
await usage.tracker.close({ timeoutMs: 1000 });
const reader: UsageReader = memory.reader;
const result: StoreResult = { stored: await reader.countUsage(), refused: [] };
const geo: GeoLookup = httpGeo({ url: 'https://geo.example/{ip}' });
const values = [geo, maxmindGeo, defineUsage, ManualClock, TrackUsageError, SqlStorage, tracked(), untracked()];
console.log(JSON.stringify({
  actions: read.map(({ action }) => action),
  kept: result.stored,
  limit: TEXT_LIMITS.url,
  types: values.map((value) => typeof value),
}));
`;

/** Each line that is marked is an error to the compiler, which complains where it is not. */
const DECLARED_DATA = `
import { track, type TrackedData, type UsageDataTracker } from 'koa-track-usage';

declare module 'koa-track-usage' {
  interface UsageDataTypes { plan: 'free' | 'pro'; results: number }
}

declare const ctx: object;
declare const add: UsageDataTracker;
const data: TrackedData = { plan: 'pro' };
track(ctx, data);
track(ctx, { plan: 'free', results: 3 });
add({ results: 3 });
// @ts-expect-error there is no such plan
track(ctx, { plan: 'none' });
// @ts-expect-error a number is no text
add({ results: '3' });
// @ts-expect-error nobody has declared it
track(ctx, { mail: 'ada@example.org' });
`;

const COMPILER_OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  preserveSymlinks: true,
  skipLibCheck: false,
  types: ['node'],
  rootDir: '.',
};

/** The compiler's errors, but those that other packages have in their own declarations. */
function ownErrors(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.includes('error TS'));
  return lines.filter((line) => !/^node_modules\/(?!koa-track-usage\/)/.test(line));
}

describe('The package', function () {
  this.timeout(60_000);
  let folder: string;
  let tarball: string;
  const consumers: Consumer[] = [];

  async function consumer(isMissing?: (name: string) => boolean): Promise<Consumer> {
    const made = await Consumer.make(tarball, isMissing);
    consumers.push(made);
    await made.write('package.json', '{"type":"module"}');
    return made;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packed-'));
    tarball = await pack(folder);
  });

  afterEach(() => Promise.all(consumers.splice(0).map((made) => made.remove())));

  after(() => rm(folder, { recursive: true, force: true }));

  it('compiles in strict TypeScript with every entry point, and runs', async () => {
    const project = await consumer();
    await project.write('app.ts', APPLICATION);
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));

    const compiled = await project.tsc();
    expect(ownErrors(compiled.stdout)).to.deep.equal([]);

    const { stdout, stderr } = await project.node('app.js');
    expect(stderr).to.equal('');
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).to.deep.equal({
      actions: ['list'],
      kept: 1,
      limit: 4096,
      types: Array.from({ length: 8 }, () => 'function'),
    });
  });

  it('holds what an application tracks to what it has declared in UsageDataTypes', async () => {
    const project = await consumer();
    await project.write('app.ts', DECLARED_DATA);
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
    expect(ownErrors((await project.tsc()).stdout)).to.deep.equal([]);
  });

  it('brings the pages that its README leads to', async () => {
    const project = await consumer();
    const installed = join(project.folder, 'node_modules/koa-track-usage');
    const readme = await readFile(join(installed, 'README.md'), 'utf8');
    const pages = new Set([...readme.matchAll(/\]\((docs\/[^)#]+)/g)].map(([, page]) => String(page)));
    expect(pages).to.include('docs/options.md');
    for (const page of pages) expect(await readFile(join(installed, page), 'utf8')).to.match(/^# /);
  });

  it('is the same module for require() and import', async () => {
    const project = await consumer();
    await project.write(
      'app.cjs',
      `require('reflect-metadata');
      const entries = ['', '/geo', '/sql', '/storage', '/testing', '/cli'].map((entry) => 'koa-track-usage' + entry);
      const required = entries.map((entry) => require(entry));
      Promise.all(entries.map((entry) => import(entry))).then((imported) => {
        for (const [index, module] of imported.entries()) {
          const names = Object.keys(module).filter((name) => name !== 'module.exports');
          const same = names.length > 0 && names.every((name) => module[name] === required[index][name]);
          console.log(entries[index], same);
        }
        class Things { list() {} }
        required[0].Tracked()(Things.prototype, 'list', Object.getOwnPropertyDescriptor(Things.prototype, 'list'));
        console.log(typeof required[0].trackUsage({ storage: new required[4].MemoryStorage() }));
      });`,
    );
    const { stdout, stderr } = await project.node('app.cjs');
    expect(stderr).to.equal('');
    expect(stdout.trim().split('\n')).to.deep.equal([
      'koa-track-usage true',
      'koa-track-usage/geo true',
      'koa-track-usage/sql true',
      'koa-track-usage/storage true',
      'koa-track-usage/testing true',
      'koa-track-usage/cli true',
      'function',
    ]);
  });

  it('works from its root and for tests where no MikroORM is installed', async () => {
    const project = await consumer((name) => name.startsWith('@mikro-orm/') || name === 'kysely');
    await project.write(
      'app.js',
      `import 'reflect-metadata';
      import { trackUsage } from 'koa-track-usage';
      import { MemoryStorage } from 'koa-track-usage/testing';
      console.log(typeof trackUsage({ storage: new MemoryStorage() }));
      await import('koa-track-usage/sql').catch(({ code, message }) => console.log(code, message));`,
    );
    const { stdout, stderr } = await project.node('app.js');
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^function\nERR_MODULE_NOT_FOUND .*'@mikro-orm\//);
  });

  it('looks addresses up over HTTP where maxmind is not installed, and says what to install for the rest', async () => {
    const project = await consumer((name) => name === 'maxmind');
    await project.write(
      'app.js',
      `import { httpGeo, maxmindGeo } from 'koa-track-usage/geo';
      console.log(typeof httpGeo({ url: 'https://geo.example/{ip}' }));
      const geo = maxmindGeo({ path: 'city.mmdb' });
      await geo('8.8.8.8', new AbortController().signal).catch(({ code, message }) => console.log(code, message));`,
    );
    const { stdout, stderr } = await project.node('app.js');
    expect(stderr).to.equal('');
    expect(stdout).to.equal(
      "function\nGEO_SOURCE maxmindGeo: the package 'maxmind' is not installed. Install it: npm install maxmind.\n",
    );
  });

  it('has a command line that says which package is missing', async () => {
    const none = await consumer((name) => name.startsWith('@mikro-orm/'));
    await none.write('usage.db', '');
    const where = ['endpoints', '--database', 'sqlite:usage.db'];
    expect(await none.program(where)).to.deep.equal({
      code: 2,
      stdout: '',
      stderr:
        "koa-track-usage: The package '@mikro-orm/sqlite' is not installed here. Install it: npm install @mikro-orm/sqlite.\n",
    });
    expect(await none.program(['--help'])).to.include({ code: 0, stderr: '' });

    const project = await consumer();
    await project.write('usage.db', '');
    const { code, stderr } = await project.program(where);
    expect(stderr).to.match(/^koa-track-usage: The table 'koa_usage' cannot be read[^\n]*\n$/);
    expect(code).to.equal(2);
  });

  it('has a suite that an author of a storage runs with a test runner of their own', async () => {
    const missing = /^(@mikro-orm\/.*|kysely|mocha|chai|fast-check)$/;
    const project = await consumer((name) => missing.test(name));
    await project.write(
      'app.ts',
      `import { it } from 'node:test';
      import { MemoryStorage, storageContract, type StorageSubject } from 'koa-track-usage/testing';
      const open = async (): Promise<StorageSubject> => ({ storage: new MemoryStorage(), close: async () => {} });
      for (const { title, run } of storageContract(open)) it(title, run);`,
    );
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
    expect(ownErrors((await project.tsc()).stdout)).to.deep.equal([]);

    const { code, stdout } = await project.node('app.js');
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/writing counts every record of a batch as stored[\s\S]*\bfail 0\b/);
  });

  it('offers its testing entry where not even routing-controllers and class-validator are installed', async () => {
    const missing = /^(@mikro-orm\/.*|class-validator|class-transformer|routing-controllers|koa|typedi)$/;
    const project = await consumer((name) => missing.test(name));
    await project.write(
      'app.js',
      `import { ManualClock, MemoryStorage } from 'koa-track-usage/testing';
      console.log(new MemoryStorage().name, typeof new ManualClock());`,
    );
    const { stdout, stderr } = await project.node('app.js');
    expect(stderr).to.equal('');
    expect(stdout).to.equal('memory object\n');
  });
});
