import { expect } from 'chai';
import { makeRecord, makeRecords } from '../../src/testing/index.js';
import { type CliEnd, type CliWorld, cli } from '../support/cli.js';
import { HOSTILE_TEXTS } from '../support/hostile-values.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../support/sqlite.js';

describe('The command line and persons', () => {
  const folder = useTemporaryFolder();

  beforeEach(async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    const { signal } = new AbortController();
    await storage.store(
      [...makeRecords(3, { username: 'ada' }), ...makeRecords(2, { username: 'bolt', visitor: 'v1' })],
      signal,
    );
    await storage.store(
      HOSTILE_TEXTS.map(([, text]) => makeRecord({ username: 'mallory', path: `/${text}`, url: `/${text}` })),
      signal,
    );
    await storage.close();
  });

  function call(args: readonly string[], world: CliWorld = {}): Promise<CliEnd> {
    return cli([...args, '--database', 'sqlite:usage.db'], { cwd: folder.path, ...world });
  }

  async function count(option: string, name: string): Promise<number> {
    const { stdout } = await call(['export', `--${option}`, name]);
    return stdout.split('\n').length - 1;
  }

  it('exports the records of a person alone, by name or by the pseudonym of a day', async () => {
    const { stdout } = await call(['export', '--username', 'ada']);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { username: string; date: string });
    expect(records.map(({ username }) => username)).to.deep.equal(['ada', 'ada', 'ada']);
    expect(records.map(({ date }) => date)).to.deep.equal(
      records
        .map(({ date }) => date)
        .toSorted()
        .toReversed(),
    );
    expect(await count('visitor', 'v1')).to.equal(2);
    expect(await call(['export', '--username', 'nobody'])).to.deep.equal({
      code: 0,
      stdout: '',
      stderr: "no records of 'nobody'\n",
    });
  });

  it('exports what strangers wrote in lines that a terminal only shows, and that mean the same', async () => {
    const { stdout } = await call(['export', '--username', 'mallory']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.have.lengthOf(HOSTILE_TEXTS.length);
    for (const line of lines) expect(line).not.to.match(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u);
    const storage = await connectSqlite(folder.file('usage.db'));
    const stored = await storage.reader.getUsage({ username: 'mallory' });
    await storage.close();
    expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).to.deep.equal(
      stored.map(({ path }) => path),
    );
  });

  it('erases nobody where nobody can be asked, unless it is told to', async () => {
    const asked = await call(['erase', '--username', 'ada']);
    expect(asked.stderr).to.match(/3 records of 'ada' will be erased .* add --yes/);
    expect([asked.code, await count('username', 'ada')]).to.deep.equal([2, 3]);

    const told = await call(['erase', '--username', 'ada', '--yes']);
    expect(told).to.deep.equal({
      code: 0,
      stdout: told.stdout,
      stderr: '',
    });
    expect(told.stdout).to.match(/^Erased from sqlite: 3 records, \d+ periods of summaries\.\n$/);
    expect([await count('username', 'ada'), await count('visitor', 'v1')]).to.deep.equal([0, 2]);
  });

  for (const [typed, code, left] of [
    ['yes\n', 0, 0],
    ['Y\n', 0, 0],
    ['n\n', 0, 3],
    ['No\n', 0, 3],
    ['perhaps\n', 2, 3],
    ['', 2, 3],
  ] as const) {
    it(`asks on a terminal, and takes ${JSON.stringify(typed)} for ${left === 0 ? 'yes' : 'no'}`, async () => {
      const ended = await call(['erase', '--username', 'ada'], { columns: 100, typed });
      expect(ended.stderr).to.match(/3 records of 'ada' .* It cannot be undone\. Go on\? \(yes\/no\) /);
      expect(ended.stdout).to.match(
        left === 0 ? /^Erased / : code === 0 ? /^Nothing was deleted\.\n$/ : /^$/,
      );
      expect([ended.code, await count('username', 'ada')]).to.deep.equal([code, left]);
    });
  }

  it('makes no table of summaries where there is none', async () => {
    await executeNative(folder.file('usage.db'), 'drop table koa_usage_summary');
    const { code, stdout } = await call(['erase', '--username', 'ada', '--yes', '--json']);
    expect({ code, report: JSON.parse(stdout) as unknown }).to.deep.equal({
      code: 0,
      report: { storage: 'sqlite', records: 3, summaries: 0, totalsUntil: null },
    });
    const again = executeNative(folder.file('usage.db'), 'select 1 from koa_usage_summary');
    expect(await again.catch((error: Error) => error.message)).to.match(/no such table/);
  });
});
