import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { checkNode } from '../../src/cli/doctor/check-packages.js';
import { checkClocks } from '../../src/cli/doctor/check-storage.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { compareVersions, isWithinRange } from '../../src/cli/doctor/versions.js';
import { Tracked } from '../../src/index.js';
import { rowOfMark } from '../../src/summary/manifest.js';
import { ManualClock, MemoryStorage, makeRecord } from '../../src/testing/index.js';
import { type CliWorld, cli } from '../support/cli.js';
import { describeOn } from '../support/describe-on.js';
import { connectPostgres, postgresClient } from '../support/postgresql.js';
import { serve } from '../support/serve.js';
import type { FreshDatabase } from '../support/servers.js';
import { until } from '../support/until.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../support/sqlite.js';

const HOUR_MS = 3_600_000;

/** As a minifier names it. */
@JsonController('/minified')
class T {
  @Tracked()
  @Get('/')
  list(): string[] {
    return [];
  }
}

describe('The doctor', () => {
  const folder = useTemporaryFolder();

  async function examine(args: readonly string[] = [], world: CliWorld = {}) {
    const { code, stdout, stderr } = await cli(['doctor', '--json', ...args], { cwd: folder.path, ...world });
    expect(stderr).to.equal('');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return { code, findings, faults: findings.filter(({ kind }) => kind === 'fault') };
  }

  async function install(place: string, version: string): Promise<void> {
    await mkdir(folder.file(place), { recursive: true });
    await writeFile(folder.file(`${place}/package.json`), JSON.stringify({ version }));
  }

  /** What a database is found to be. */
  async function examineDatabase(args: readonly string[] = [], world?: CliWorld) {
    return examine(['--database', 'sqlite:usage.db', ...args], world);
  }

  it('compares versions by their numbers, and knows the ranges of the manifest', () => {
    expect(['7.10.0', '7.2.1', '7.2'].toSorted(compareVersions)).to.deep.equal(['7.2', '7.2.1', '7.10.0']);
    for (const [version, range, isWithin] of [
      ['7.2.1', '^7.2.0', true],
      ['7.1.9', '^7.2.0', false],
      ['8.0.0', '^7.2.0', false],
      ['0.10.7', '^0.10.4 || ^0.11.0', true],
      ['0.11.3', '^0.10.4 || ^0.11.0', true],
      ['0.12.0', '^0.10.4 || ^0.11.0', false],
      ['24.1.0', '>=22.17.0', true],
      ['22.16.3', '>=22.17.0', false],
    ] as const)
      expect(isWithinRange(version, range), `${version} ${range}`).to.equal(isWithin);
  });

  it('finds nothing wrong with a folder in which there is nothing', async () => {
    const { code, findings } = await examine();
    expect(code).to.equal(0);
    expect(findings.map(({ kind, what }) => `${kind}: ${what}`)).to.deep.equal([
      `fine: Node ${process.versions.node}`,
      'advice: No database was looked at',
    ]);
  });

  it('looks at a storage that has a kind', async () => {
    await writeFile(
      folder.file('koa-track-usage.config.mjs'),
      "export default { storage: { name: 'own', kind: 'file', store() {}, reader: {} } };",
    );
    const { findings } = await examine();
    expect(findings.map(({ what }) => what)).to.include('The records can be read');
  });

  it('tells of a Node that is too old', () => {
    expect(checkNode('22.4.0', '>=22.17.0')).to.include({ kind: 'fault', what: 'Node 22.4.0 is too old' });
  });

  it('tells of packages of MikroORM that are not of one version, and of those outside the range', async () => {
    await install('node_modules/@mikro-orm/core', '7.2.1');
    await install('node_modules/@mikro-orm/sqlite', '7.2.0');
    await install('node_modules/koa', '1.7.0');
    const { code, faults } = await examine();
    expect(code).to.equal(1);
    expect(faults.map(({ what }) => what)).to.deep.equal([
      'The packages of MikroORM are of several versions: 7.2.1 (@mikro-orm/core); 7.2.0 (@mikro-orm/sqlite)',
      'koa 1.7.0 does not fit',
    ]);
  });

  it('tells of several copies, deep down, above, and in the store of pnpm, and of no link to one', async () => {
    await install('node_modules/typedi', '0.10.0');
    await install('node_modules/a/node_modules/@b/c/node_modules/typedi', '0.8.0');
    await install('app/node_modules/typedi', '0.10.0');
    await install('node_modules/.pnpm/typedi@0.9.0/node_modules/typedi', '0.9.0');
    await symlink(folder.file('node_modules/typedi'), folder.file('app/node_modules/link'), 'dir');
    await install('node_modules/routing-controllers', '0.11.3');
    const { faults } = await examine([], { cwd: folder.file('app') });
    const copies = faults.find(({ what }) => what.includes('typedi are'));
    expect(copies?.what).to.match(/^4 copies of typedi are installed \((?:0\.10\.0|0\.8\.0|0\.9\.0|, )+\): /);
    expect(faults.filter(({ what }) => what.includes('routing-controllers'))).to.deep.equal([]);
  });

  it('tells of a file, a table or a column that is missing', async () => {
    expect((await examineDatabase()).faults[0]?.what).to.match(
      /usage\.db', which cannot be opened: it is not there/,
    );
    await writeFile(folder.file('notes.txt'), 'This is a text of more than sixteen characters.');
    expect((await examine(['--database', 'sqlite:notes.txt'])).faults[0]?.what).to.match(
      /notes\.txt', which is no database of SQLite/,
    );
    await executeNative(folder.file('usage.db'), 'create table notes (text text)');
    expect((await examineDatabase()).faults[0]?.what).to.match(/The table 'koa_usage' cannot be read/);
    await executeNative(
      folder.file('usage.db'),
      'create table koa_usage (id text primary key, date integer)',
    );
    const { code, faults } = await examineDatabase();
    expect(code).to.equal(1);
    expect(faults[0]?.what).to.match(/no such column/);
  });

  it('finds nothing wrong where a tracker has just stored something, and changes nothing', async () => {
    await track();
    const before = await rowsOf();
    const { findings } = await examineDatabase();
    const told = findings.map(({ what, where }) => `${what.replace(/(at|until) \d\S+Z/, '$1 …')} (${where})`);
    expect(told).to.include.members([
      'The records can be read (sqlite)',
      'The user may read and write (sqlite)',
      'Records are summed up in time, until … (null)',
      'A tracker was last heard of at …, when it closed (shop)',
      'No records were lost in the last days (shop)',
    ]);
    expect(findings.filter(({ kind }) => kind !== 'fine').map(({ what }) => what)).to.deep.equal([
      'Controllers have names such as a minifier gives: T',
    ]);
    expect(await rowsOf()).to.deep.equal(before);
  });

  /** Has an application store a record. */
  async function track(clock?: ManualClock): Promise<void> {
    const storage = await connectSqlite(folder.file('usage.db'));
    const served = await serve({
      controllers: [T],
      tracker: { storage, serverName: 'shop', ...(clock && { clock }) },
    });
    await (await fetch(`${served.origin}/minified`)).text();
    await until(() => served.usage.tracker.stats().accepted > 0, 'a record is made');
    await served.usage.tracker.close({ timeoutMs: 20_000 });
    await served.close();
  }

  /** All that summaries and the register consist of. */
  async function rowsOf(): Promise<unknown[]> {
    const storage = await connectSqlite(folder.file('usage.db'));
    const rows = await storage.register?.find({}, new AbortController().signal);
    await storage.close();
    return (rows ?? []).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  it('tells of trackers that are gone, of records that wait to be summed up, and of losses', async () => {
    await track(new ManualClock(new Date(Date.now() - 5 * HOUR_MS)));
    const again = await connectSqlite(folder.file('usage.db'));
    await again.store([makeRecord({ date: new Date() })], new AbortController().signal);
    await again.close();
    const later = new ManualClock(new Date(Date.now() + 3 * HOUR_MS));
    const { findings } = await examineDatabase([], { clock: later });
    const told = findings.map(
      ({ kind, what, where }) => `${kind}: ${what.replace(/since .*/, 'since …')} (${where})`,
    );
    expect(told).to.include('fault: No tracker has been heard of since … (shop)');
    expect(told).to.include('advice: Records wait to be summed up since … (null)');
  });

  it('tells of slices that stay open, and agrees with the status on how far records are summed up', async () => {
    await track(new ManualClock(new Date(Date.now() - 5 * HOUR_MS)));
    await cli(['rebuild', '--database', 'sqlite:usage.db'], { cwd: folder.path });
    const storage = await connectSqlite(folder.file('usage.db'));
    const nowMs = Date.now();
    const mark = { startMs: nowMs - 2 * HOUR_MS, endMs: nowMs - HOUR_MS, isWriting: true, sinceMs: nowMs };
    await storage.register?.insert([rowOfMark({ ...mark, id: 'a' }, 'b')], new AbortController().signal);
    await storage.close();
    const start = new Date(mark.startMs).toJSON();
    const { stdout } = await cli(['status', '--json', '--database', 'sqlite:usage.db'], { cwd: folder.path });
    expect(JSON.parse(stdout)).to.include({ foldedUntil: start });
    const told = async (hours: number): Promise<string[]> => {
      const clock = new ManualClock(new Date(nowMs + hours * HOUR_MS));
      const { findings } = await examineDatabase([], { clock });
      return findings
        .map(({ kind, what }) => `${kind}: ${what}`)
        .filter((text) => text.includes('summed up'));
    };
    const since = `since ${new Date(nowMs).toJSON()}`;
    expect([await told(0.9), await told(2), await told(24)]).to.deep.equal([
      [`fine: Records are summed up in time, until ${start}`],
      [`advice: Records are summed up until ${start}, as slices of five minutes are open ${since}`],
      [`advice: Records wait to be summed up ${since}`],
    ]);
  });

  it('tells of clocks that are apart', async () => {
    const now = Date.parse('2026-03-01T12:00:00Z');
    const { signal } = new AbortController();
    const findingOf = async (aheadMs: number): Promise<string> => {
      const storage = Object.assign(new MemoryStorage(), { now: async () => new Date(now + aheadMs) });
      return (await checkClocks(storage, () => now, signal)).kind;
    };
    expect([await findingOf(1000), await findingOf(-HOUR_MS), await findingOf(25 * HOUR_MS)]).to.deep.equal([
      'fine',
      'advice',
      'fault',
    ]);
  });

  it('tells of records that are left over in a spool', async () => {
    expect((await examine(['--spool', 'spool'])).code).to.equal(0);
    const segment = folder.file('spool/sqlite/0123abcd/1.ndjson');
    await mkdir(dirname(segment), { recursive: true });
    await writeFile(segment, 'twelve bytes');
    expect((await examine(['--spool', 'spool'])).code).to.equal(0);
    const old = new Date(Date.now() - HOUR_MS);
    await utimes(segment, old, old);
    const { faults } = await examine(['--spool', 'spool']);
    expect(faults[0]?.what).to.equal(`Records wait in the spool since ${old.toJSON()}: 1 file with 12 bytes`);
  });

  it('shows what it has found in lines that fit a terminal', async () => {
    await install('node_modules/koa', '1.7.0');
    const { code, stdout } = await cli(['doctor'], { cwd: folder.path, columns: 60 });
    expect(code).to.equal(1);
    const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
    expect(lines).to.include('        Install a version within ^2.16.0 || ^3.0.0.');
    expect(lines.at(-1)).to.equal('1 of 3 findings are faults.');
  });

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;
    before(async () => {
      database = await server().freshDatabase();
      const storage = await connectPostgres(database);
      await storage.store([makeRecord()], new AbortController().signal);
      await storage.close();
    });
    after(() => database.drop());

    it('compares the clocks, and tells of a user who may only read', async () => {
      const owner = await examine(['--database', database.url]);
      expect(owner.findings.map(({ what }) => what)).to.include.members([
        'The clocks of this machine and the database agree',
        'The user may read and write',
      ]);
      const client = await postgresClient(database);
      const name = `reader_${database.name}`;
      try {
        await client.query(`create role "${name}" login password 'hunter2'`);
        await client.query(`grant select on all tables in schema public to "${name}"`);
        const url = new URL(database.url);
        Object.assign(url, { username: name, password: 'hunter2' });
        const { code, findings } = await examine(['--database', url.href]);
        expect(code).to.equal(0);
        expect(findings.find(({ what }) => what.includes('and not write'))?.kind).to.equal('advice');
      } finally {
        await client.query(`drop owned by "${name}"`).catch(() => {});
        await client.query(`drop role if exists "${name}"`);
        await client.end();
      }
    });
  });
});
