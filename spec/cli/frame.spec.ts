import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { Interruption } from '../../src/cli/io.js';
import { makeRecords } from '../../src/testing/index.js';
import { cli } from '../support/cli.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';

describe('The command line', () => {
  const folder = useTemporaryFolder();

  /** A file of SQLite with some records. */
  async function database(count = 3): Promise<string> {
    const storage = await connectSqlite(folder.file('usage.db'));
    const records = makeRecords(count).map((record) => Object.assign({}, record, { username: 'ada' }));
    await storage.store(records, new AbortController().signal);
    await storage.close();
    return `sqlite:${folder.file('usage.db')}`;
  }

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await cli(['--version'])).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('lists every command in its help, which is an error where nothing was asked for', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).to.equal(0);
    for (const { name } of COMMANDS) expect(stdout).to.match(new RegExp(`^  ${name} `, 'm'));
    expect(await cli(['help'])).to.deep.equal({ code: 0, stdout, stderr: '' });
    expect(await cli(['help', 'erase'])).to.deep.equal(await cli(['erase', '--help']));
    expect(await cli([])).to.deep.equal({ code: 2, stdout: '', stderr: stdout });
  });

  for (const { name, options } of COMMANDS) {
    it(`has a help for ${name}, with every option and an example that can be read`, async () => {
      const { code, stdout } = await cli([name, '--help']);
      expect(code).to.equal(0);
      for (const option of Object.keys(options)) expect(stdout).to.include(`--${option}`);
      const examples = [...stdout.matchAll(/^ {2}npx koa-track-usage (.*?)(?: >.*)?$/gm)];
      expect(examples).not.to.deep.equal([]);
      // An example that could not be read would be refused before there is any talk of the help.
      for (const [, example = ''] of examples) {
        const args = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(
          ([, quoted, bare]) => quoted ?? bare ?? '',
        );
        expect((await cli([...args, '--help'])).code, example).to.equal(0);
      }
    });
  }

  it('keeps its help within a narrow terminal', async () => {
    const { stdout } = await cli(['erase', '--help'], { columns: 60 });
    const prose = stdout.split('\n').filter((line) => !/npx|[|,]/.test(line));
    expect(Math.max(...prose.map((line) => line.length))).to.be.at.most(60);
  });

  const WRONG: readonly (readonly [args: string[], problem: RegExp])[] = [
    [['help', 'endpoint'], /There is no command 'endpoint'/],
    [['endpoint'], /There is no command 'endpoint'; expected .*erase/],
    [['erase', '--colour'], /Unknown option '--colour'\. See: koa-track-usage erase --help/],
    [['--colour'], /Unknown option '--colour'\. See: koa-track-usage --help/],
    [['erase', 'ada'], /erase: got 'ada'; expected nothing but options/],
    [['erase', '--username'], /Option '--username <value>' argument missing/],
    [['erase', '--username', ''], /--username is empty/],
    [['erase'], /Of whom\? Give --username or --visitor/],
    [['erase', '--username', 'a', '--visitor', 'b'], /--username and --visitor contradict each other/],
    [['prune', '--keep-days', '0'], /--keep-days is '0'; expected an integer from 1 to 3660/],
    [['prune', '--keep-days', '1e3'], /--keep-days is '1e3'; expected an integer/],
    [['prune'], /What is too old\?/],
  ];
  for (const [args, problem] of WRONG) {
    it(`refuses ${JSON.stringify(args)} with one line`, async () => {
      const { code, stdout, stderr } = await cli(args);
      expect(stderr)
        .to.match(problem)
        .and.to.match(/^koa-track-usage: [^\n]*\n$/);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  it('takes options in front of a command as well', async () => {
    const { code, stdout } = await cli(['--database', await database(), 'export', '--username', 'ada']);
    expect({ code, lines: stdout.split('\n').length }).to.deep.equal({ code: 0, lines: 4 });
  });

  it('shows where an error comes from when asked, and only then', async () => {
    const args = ['export', '--username', 'a', '--database', 'postgres://u:secret@127.0.0.1:1/db'];
    const short = await cli(args);
    expect(short.code).to.equal(3);
    expect(short.stderr).to.match(/^koa-track-usage: .*ECONNREFUSED[^\n]*\n$/);
    const long = await cli([...args, '--verbose']);
    expect(long.stderr).to.match(/\n {4}at /);
    expect(short.stderr + long.stderr).not.to.include('secret');
  });

  it('shows nothing that a terminal acts upon', async () => {
    const { stderr } = await cli(['\u001b[31mred']);
    const named = await cli(['export', '--username', 'a', '--database', 'sqlite:\u001b]0;title\u0007.db']);
    expect((stderr + named.stderr).replaceAll('\n', '')).not.to.match(/\p{Cc}/u);
  });

  it('ends quietly when nobody reads on', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const args = ['export', '--username', 'ada', '--database', await database()];
    expect(await cli(args, { stdout: closed })).to.deep.equal({ code: 0, stdout: '', stderr: '' });
  });

  it('ends with the code of a signal once the storage is closed', async () => {
    const interrupt = new AbortController();
    const stuck = new Writable({ write: () => interrupt.abort(new Interruption(2)) });
    const args = ['export', '--username', 'ada', '--database', await database()];
    const { code, stderr } = await cli(args, { stdout: stuck, signal: interrupt.signal });
    expect({ code, stderr }).to.deep.equal({ code: 130, stderr: '' });
  });
});
