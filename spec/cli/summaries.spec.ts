import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { DEFAULT_DIMENSIONS } from '../../src/summary/dimensions.js';
import { readManifest } from '../../src/summary/manifest.js';
import { ManualClock, makeRecord } from '../../src/testing/index.js';
import { type CliEnd, type CliWorld, cli } from '../support/cli.js';
import { DAY_MS, HOUR_MS } from '../support/summarized.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../support/sqlite.js';

const { signal } = new AbortController();

/** Clears the line of a terminal. */
const CLEAR = '\r\u001b[2K';

describe('The command line and summaries', () => {
  const folder = useTemporaryFolder();
  const DAYS = 6;
  /** What is stored is marked by the machine's clock, so that records are as old as that says. */
  const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

  beforeEach(async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    const records = Array.from({ length: DAYS * 2 }, (_, half) =>
      makeRecord({ date: new Date(nowMs - HOUR_MS - (half * DAY_MS) / 2), username: 'ada' }),
    );
    await storage.store(records, signal);
    await storage.close();
  });

  function call(args: readonly string[], world: CliWorld = {}): Promise<CliEnd> {
    return cli([...args, '--database', 'sqlite:usage.db'], { cwd: folder.path, ...world });
  }

  /** Writes a configuration with some options. */
  async function configure(options: string): Promise<void> {
    const config = `import { SqlStorage } from '${new URL('../../src/backends/sql/index.js', import.meta.url).href}';
      import { SqliteDriver } from '${import.meta.resolve('@mikro-orm/sqlite')}';
      export default {
        storage: () => SqlStorage.connect({ driver: SqliteDriver, dbName: '${folder.file('usage.db')}' }),
        ${options},
      };`;
    await writeFile(folder.file('koa-track-usage.config.mjs'), config);
  }

  /** How many records there are, and what has been summed up. */
  async function state() {
    const storage = await connectSqlite(folder.file('usage.db'));
    const records = await storage.reader.countUsage();
    const { rows, live } = await storage.reader.getSummary({ by: 'server' });
    const manifest = storage.summaries && (await readManifest(storage.summaries.store, signal));
    await storage.close();
    return { records, hits: rows[0]?.hits, live, manifest };
  }

  it('sums up what is there, by the usual dimensions where nothing was summed up before', async () => {
    expect((await state()).live).to.equal(DAYS * 2);
    const { code, stdout, stderr } = await call(['rebuild']);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^Summed up [67] days\.\n$/);
    const { manifest, live, hits } = await state();
    expect({ live, hits }).to.deep.equal({ live: 0, hits: DAYS * 2 });
    expect(manifest?.timeZone).to.equal('UTC');
    expect(manifest?.units[0]?.dimensions).to.have.members([...DEFAULT_DIMENSIONS]);
  });

  it('sums up as the summaries that are there, and as a configuration says', async () => {
    await configure("summaries: { timeZone: 'Asia/Kolkata', dimensions: ['path', 'server'] }");
    const configured = await cli(['rebuild'], { cwd: folder.path });
    expect(configured.code, configured.stderr).to.equal(0);
    const before = (await state()).manifest;
    expect([before?.timeZone, before?.units[0]?.dimensions]).to.deep.equal([
      'Asia/Kolkata',
      ['path', 'server'],
    ]);

    expect((await call(['rebuild'])).code).to.equal(0);
    const after = (await state()).manifest;
    expect([after?.timeZone, after?.units[0]?.dimensions]).to.deep.equal([
      'Asia/Kolkata',
      ['path', 'server'],
    ]);
  });

  for (const args of [['rebuild'], ['prune'], ['prune', '--keep-days', '3', '--yes']]) {
    it(`refuses ${args.join(' ')} in another time zone than that of the summaries, and changes nothing`, async () => {
      expect((await call(['rebuild'])).code).to.equal(0);
      const before = await state();
      await configure("summaries: { timeZone: 'Asia/Kolkata' }, retention: { records: { days: 3 } }");
      const { code, stdout, stderr } = await cli(args, { cwd: folder.path });
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(
        /are in the time zone 'UTC', and the configuration has 'Asia\/Kolkata'\. Nothing/,
      );
      expect(await state()).to.deep.equal(before);
      const { stdout: told } = await cli(['doctor', '--json'], { cwd: folder.path });
      expect(told).to.match(/"fault",\s+"what": "The summaries are in the time zone 'UTC', and/);
    });
  }

  it('sums up a span alone, and refuses what is none', async () => {
    const from = new Date(nowMs - 2 * DAY_MS).toJSON();
    const { stdout } = await call(['rebuild', '--from', from]);
    expect(stdout).to.match(/^Summed up [34] days\.\n$/);
    const { code, stderr } = await call(['rebuild', '--from', 'yesterday']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/: --from is 'yesterday'; expected a valid/);
  });

  it('shows how far it has come on a terminal, and leaves nothing of that', async () => {
    const { stdout, stderr } = await call(['rebuild'], { columns: 80 });
    expect(stdout).to.match(/^Summed up [67] days\.\n$/);
    expect(stderr.startsWith(`${CLEAR}Summing up: 0 of 0 days`) && stderr.endsWith(CLEAR)).to.equal(true);
  });

  it('makes no table of summaries', async () => {
    await executeNative(folder.file('usage.db'), 'drop table koa_usage_summary');
    const { code, stderr } = await call(['rebuild']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/has no place for summaries; the trackers make one/);
  });

  it('deletes old records once they are summed up, so that totals stay', async () => {
    const { code, stdout, stderr } = await call(['prune', '--keep-days', '3', '--yes']);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    const { records, hits } = await state();
    expect(records).to.be.within(6, 8);
    expect(stdout).to.equal(`Deleted ${DAYS * 2 - records} records.\n`);
    expect(hits).to.equal(DAYS * 2);
    expect((await call(['prune', '--keep-days', '3', '--yes'])).stdout).to.equal('Deleted 0 records.\n');
  });

  it('asks before it deletes what no configuration says', async () => {
    const { code, stderr } = await call(['prune', '--keep-days', '3']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/older than 3 days will be deleted .* add --yes/);
    expect((await state()).records).to.equal(DAYS * 2);
  });

  it('deletes nothing while it is not certain what time it is', async () => {
    const clock = new ManualClock(new Date(nowMs + 400 * DAY_MS));
    const { code, stderr } = await call(['prune', '--keep-days', '3', '--yes'], { clock });
    expect(code).to.equal(3);
    expect(stderr).to.match(
      /nothing is deleted from it for a day, as the clock of this process says .* no record is from between/,
    );
    expect((await state()).records).to.equal(DAYS * 2);
  });
});
