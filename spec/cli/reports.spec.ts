import { writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { RegisterWriter } from '../../src/endpoint/register-writer.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { textWidth } from '../../src/report/rendering/text-width.js';
import { MemoryStorage, makeRecord } from '../../src/testing/index.js';
import { type CliEnd, type CliWorld, cli } from '../support/cli.js';
import { HOSTILE_TEXTS } from '../support/hostile-values.js';
import { declare, writerSettings } from '../support/register-writers.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

const TO = '2026-03-05';
const REPORTS = ['endpoints', 'callers', 'deprecations', 'traffic', 'errors', 'gone', 'status'];
const ROUTES = 60;
const AT = ['--to', TO];

describe('Reports on the command line', () => {
  const storage = new MemoryStorage();
  let folder: TemporaryFolder;

  before(async () => {
    folder = await temporaryFolder();
    // A configuration runs in the process of the command, which is this one.
    Object.assign(globalThis, { usageOfSpec: storage });
    await writeFile(
      folder.file('koa-track-usage.config.mjs'),
      'export default { storage: globalThis.usageOfSpec };',
    );
    const records = [
      ...Array.from({ length: ROUTES }, (_, index) =>
        makeRecord({ route: `/things/${index}`, username: index % 2 === 0 ? 'ada' : 'bolt' }),
      ),
      makeRecord({ route: '/broken', status: 500, username: 'ada', path: '/broken' }),
      ...HOSTILE_TEXTS.map(([, text]) => makeRecord({ route: `/${text}`, path: `/${text}`, username: text })),
    ];
    await storage.store(records);
  });

  after(() => folder.remove());

  function call(args: readonly string[], world: CliWorld = {}): Promise<CliEnd> {
    return cli(args, { cwd: folder.path, ...world });
  }

  for (const name of [...REPORTS, 'records', 'inventory']) {
    it(`prints ${name}, and nothing that a terminal acts upon, in every form`, async () => {
      const to = name === 'inventory' ? [] : ['--to', TO];
      const forms = REPORTS.includes(name)
        ? [[], ['--json'], ['--csv'], ['--markdown']]
        : [[], ['--json'], ...(name === 'records' ? [['--csv']] : [])];
      for (const form of forms) {
        const { code, stdout, stderr } = await call([name, ...to, ...form]);
        expect({ code, stderr: stderr.replace(/^(50 of \d+ rows|There are more).*\n$/, '') }).to.deep.equal({
          code: 0,
          stderr: '',
        });
        expect(stdout).not.to.equal('');
        expect(stdout.replaceAll(/\r?\n/g, '')).not.to.match(
          /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u,
        );
      }
    });

    for (const columns of [40, 80]) {
      it(`fits ${name} into ${columns} columns`, async () => {
        const { stdout } = await call([name, ...(name === 'inventory' ? [] : ['--to', TO])], { columns });
        const lines = stripVTControlCharacters(stdout).split('\n');
        expect(Math.max(...lines.map(textWidth))).to.be.at.most(columns);
      });
    }
  }

  it('fits a pipe into what COLUMNS says', async () => {
    const { COLUMNS: before } = process.env;
    try {
      process.env['COLUMNS'] = '50';
      const lines = (await call(['endpoints', ...AT])).stdout.split('\n');
      expect(Math.max(...lines.map(textWidth))).to.be.at.most(50);
    } finally {
      delete process.env['COLUMNS'];
      if (before !== undefined) process.env['COLUMNS'] = before;
    }
  });

  it('prints the figures of UsageReports', async () => {
    const expected = await new UsageReports(storage).endpoints({ to: TO, days: 7 });
    const { stdout } = await call(['endpoints', '--to', TO, '--days', '7', '--json']);
    const printed = JSON.parse(stdout) as { asOf: string; endpoints: object[] };
    expect(printed.endpoints).to.deep.equal(JSON.parse(JSON.stringify(expected.endpoints)));
    expect(printed).to.include({ from: expected.from.toJSON(), calls: ROUTES + 1 + HOSTILE_TEXTS.length });
  });

  it('shows 50 rows of a table, and says so; all of them when asked, or where programs read', async () => {
    const args = ['endpoints', '--to', TO];
    const total = ROUTES + 1 + HOSTILE_TEXTS.length;
    const short = await call(args);
    expect(short.stdout.trimEnd().split('\n')).to.have.lengthOf(2 + 50);
    expect(short.stderr).to.equal(`50 of ${total} rows; --all shows all of them.\n`);
    const long = await call([...args, '--all']);
    expect([long.stdout.trimEnd().split('\n').length, long.stderr]).to.deep.equal([2 + total, '']);
    const two = await call([...args, '--limit', '2']);
    expect([two.stdout.trimEnd().split('\n').length, two.stderr]).to.deep.equal([
      4,
      `2 of ${total} rows; --all shows all of them.\n`,
    ]);
    expect((await call([...args, '--csv'])).stdout.trimEnd().split('\r\n')).to.have.lengthOf(1 + total);
    expect((await call([...args, '--csv', '--limit', '2'])).stdout.trimEnd().split('\r\n')).to.have.lengthOf(
      3,
    );
  });

  it('shows traffic from the first period with calls on, or the newest periods alone', async () => {
    const rowsOf = async (...args: string[]): Promise<number> => {
      const { stdout } = await call(['traffic', ...AT, '--days', '30', ...args]);
      return stdout.split('\n').filter((line) => line.startsWith('2026-')).length;
    };
    expect(await rowsOf('--all')).to.equal(30);
    expect(await rowsOf()).to.be.within(1, 29);
    expect(await rowsOf('--limit', '3')).to.equal(3);
    const { stdout } = await call(['traffic', ...AT, '--limit', '1', '--json']);
    const { traffic } = JSON.parse(stdout) as { traffic: { start: string }[] };
    expect(traffic.map(({ start }) => start)).to.deep.equal(['2026-03-04T00:00:00.000Z']);
  });

  it('lists endpoints of some verdicts alone', async () => {
    const { stdout } = await call(['endpoints', '--to', TO, '--verdict', 'fails-only, unused', '--json']);
    const { endpoints } = JSON.parse(stdout) as { endpoints: { route: string }[] };
    expect(endpoints.map(({ route }) => route)).to.deep.equal(['/broken']);
  });

  it('says who calls one endpoint, and what one caller calls', async () => {
    const ofOne = await call(['callers', 'get', '/things/1', '--to', TO, '--json']);
    expect((JSON.parse(ofOne.stdout) as { callers: object[] }).callers).to.have.lengthOf(1);
    const asTyped = await call(['callers', 'HEAD', '/things/1/', '--to', TO, '--json']);
    expect(JSON.parse(asTyped.stdout)).to.deep.equal(JSON.parse(ofOne.stdout));
    const ofBolt = await call(['callers', '--caller', 'bolt', '--to', TO, '--json', '--limit', '3']);
    const { username, endpoints } = JSON.parse(ofBolt.stdout) as { username: string; endpoints: object[] };
    expect([username, endpoints.length]).to.deep.equal(['bolt', 3]);
  });

  it('says how much one endpoint was called, and by one caller', async () => {
    const calls = async (...args: string[]): Promise<number> => {
      const { stdout } = await call(['traffic', ...args, ...AT, '--json']);
      return (JSON.parse(stdout) as { calls: number }).calls;
    };
    expect(await calls('get', '/things/0/')).to.equal(1);
    expect(await calls('--caller', 'ada')).to.equal(ROUTES / 2 + 1);
    expect(await calls('GET', '/broken', '--caller', 'bolt')).to.equal(0);
  });

  it('leaves crawlers out of calls where it is told to', async () => {
    const { stdout } = await call(['endpoints', '--people', ...AT, '--json']);
    const { calls } = await new UsageReports(storage).endpoints({ to: TO, people: true });
    expect(JSON.parse(stdout)).to.deep.include({ people: true, calls });
    expect((await call(['callers', '--people', ...AT])).stdout).to.include('crawlers not counted in calls');
  });

  const WRONG: readonly (readonly [args: string[], problem: RegExp])[] = [
    [['endpoints', '--verdict', 'unused,dead'], /--verdict has 'dead'; expected some of used, /],
    [['endpoints', '--json', '--csv'], /--json and --csv contradict each other/],
    [['endpoints', '--days', '3', '--from', TO], /--days and --from contradict each other/],
    [['endpoints', '--from', '2026-02-30'], /: --from is '2026-02-30'/],
    [['endpoints', '--from', TO, '--to', TO], /: --from is /],
    [['callers', 'GET'], /callers: got 'GET'; expected METHOD ROUTE/],
    [['endpoints', '--from', 'yesterday'], /: --from is 'yesterday'/],
    [['records', '--to', 'yesterday'], /: --to is 'yesterday'/],
    [
      ['callers', 'GET', '/thing/7', ...AT],
      /there is no endpoint GET \/thing\/7; did you mean GET \/things\/7, or /,
    ],
    [
      ['traffic', 'GET', '/thing/7', ...AT],
      /traffic: there is no endpoint GET \/thing\/7; did you mean GET \/things\/7, or /,
    ],
    [['callers', 'FOO', '/broken', ...AT], /there is no endpoint FOO \/broken; did you mean GET \/broken/],
    [
      ['endpoints', '--service', 'nope', ...AT],
      /--service is 'nope', of which nothing is known; expected spec\./,
    ],
    [['callers', 'GET', '/a', '--caller', 'ada'], /an endpoint or --caller, and not both/],
    [['traffic', '--period', 'week'], /--period is 'week'; expected hour, day, month/],
    [['records', '--status', '9xx'], /: --status is \[ '9xx' \]/],
    [['records', '--cursor', 'abc'], /cursor/],
    [['records', '--all'], /--all is for --json/],
    [['records', '--json', '--csv'], /--json and --csv contradict each other/],
    [['records', '--bots', '--people'], /--bots and --people contradict each other/],
  ];
  for (const [args, problem] of WRONG) {
    it(`refuses ${JSON.stringify(args)}`, async () => {
      const { code, stdout, stderr } = await call(args);
      expect(stderr)
        .to.match(problem)
        .and.to.match(/^koa-track-usage: [^\n]*\n$/);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  it('lists records page by page, by a cursor', async () => {
    const args = ['records', '--json', '--username', 'ada', '--status', '2xx', '--limit', '20'];
    const first = await call(args);
    const [, cursor = ''] = /^There are more: add --cursor (\S+)\n$/.exec(first.stderr) ?? [];
    const second = await call([...args, '--cursor', cursor]);
    const all = await call(['records', '--json', '--username', 'ada', '--status', '200,404', '--all']);
    expect(first.stdout + second.stdout).to.equal(all.stdout);
    expect([second.stderr, all.stdout.trimEnd().split('\n').length]).to.deep.equal(['', ROUTES / 2]);
  });

  it('takes methods in small letters', async () => {
    const all = await call(['records', '--json', '--method', 'GET', '--limit', '3']);
    expect(all.stdout.trimEnd().split('\n')).to.have.lengthOf(3);
    expect(await call(['records', '--json', '--method', 'get', '--limit', '3'])).to.deep.equal(all);
  });

  it('shows the share of requests that is recorded as it was written', async () => {
    const declaring = new MemoryStorage();
    const rates = [0.07, 0.125, 1, null].map((sampleRate) => declare(`/${sampleRate}`, { sampleRate }));
    const writer = new RegisterWriter(
      writerSettings(declaring.register, Date.now, { declared: () => [rates] }),
    );
    await writer.write(false, new AbortController().signal);
    Object.assign(globalThis, { declaringOfSpec: declaring });
    await writeFile(folder.file('declaring.mjs'), 'export default { storage: globalThis.declaringOfSpec };');
    const { stdout } = await call(['inventory', '--config', 'declaring.mjs']);
    const shares = stdout
      .split('\n')
      .slice(2, -1)
      .map((line) => line.split(/ {2,}/)[3]);
    expect(shares).to.deep.equal(['7 %', '12.5 %', '100 %', 'by a function']);
  });

  describe('with colours', () => {
    const before = { ...process.env };

    afterEach(() => {
      for (const name of ['NO_COLOR', 'FORCE_COLOR', 'TERM', 'CI', 'COLORTERM']) {
        delete process.env[name];
        if (before[name] !== undefined) process.env[name] = before[name];
      }
    });

    for (const [title, environment, columns, isColoured] of [
      ['on a terminal', {}, 120, true],
      ['on a terminal with NO_COLOR', { NO_COLOR: '1' }, 120, false],
      ['on a dumb terminal', { TERM: 'dumb' }, 120, false],
      ['in a pipe', {}, null, false],
      ['in a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, null, true],
    ] as const) {
      it(`${isColoured ? 'has them' : 'has none'} ${title}`, async () => {
        for (const name of ['NO_COLOR', 'FORCE_COLOR', 'CI', 'COLORTERM']) delete process.env[name];
        Object.assign(process.env, { TERM: 'xterm-256color' }, environment);
        const { stdout } = await call(['endpoints', '--to', TO, '--limit', '3'], { columns });
        expect(stdout.includes('\u001b[')).to.equal(isColoured);
      });
    }
  });
});
