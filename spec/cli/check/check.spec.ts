import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type CheckedShop, HOSTILE_REASON, runShop } from '../../support/checked-shop.js';
import { type CliEnd, cli } from '../../support/cli.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from '../../support/sqlite.js';

interface Row {
  readonly method: string;
  readonly route: string;
  readonly finding: string;
  readonly verdict: string;
  readonly change: string;
  readonly renamedTo: string | null;
  readonly calls: number;
  readonly callers: number | null;
}

describe('check', () => {
  let folder: TemporaryFolder;
  let shop: CheckedShop;

  before(async () => {
    folder = await temporaryFolder();
    shop = await runShop(folder.file('usage.db'));
  });

  after(() => folder.remove());

  /** Checks a build that lacks some routes, and has others. */
  async function check(
    lacking: readonly string[],
    args: readonly string[] = [],
    others: readonly object[] = [],
  ): Promise<CliEnd> {
    const routes = shop.routes.filter(({ method, route }) => !lacking.includes(`${method} ${route}`));
    await writeFile(folder.file('routes.json'), JSON.stringify({ routes: [...routes, ...others] }));
    return call(['--routes', 'routes.json', ...args]);
  }

  function call(args: readonly string[]): Promise<CliEnd> {
    const where = ['--database', 'sqlite:usage.db', '--days', '3', '--minimum-days', '1'];
    return cli(['check', ...where, ...args], { cwd: folder.path, clock: shop.clock });
  }

  async function findings(lacking: readonly string[], args: readonly string[] = []) {
    const { code, stdout } = await check(lacking, ['--json', ...args]);
    const { removal, notes } = JSON.parse(stdout) as { removal: Row[]; notes: string[] };
    return {
      code,
      notes,
      rows: removal.map((row) => `${row.method} ${row.route} ${row.finding} ${row.verdict}`),
    };
  }

  it('finds nothing in a build that has all that is declared', async () => {
    expect(await findings([])).to.deep.equal({ code: 0, notes: [], rows: [] });
    expect((await check([])).stdout).to.include('This build removes and renames no endpoint.');
  });

  const ONE: readonly (readonly [endpoint: string, code: number, finding: string])[] = [
    ['GET /api/items/:id', 1, 'needed used'],
    ['GET /plain', 1, 'needed used'],
    ['GET /api/yearly', 1, 'needed kept'],
    ['GET /api/health', 3, 'unclear untracked'],
    ['GET /api/sampled', 3, 'unclear sampled'],
    ['GET /api/dead', 0, 'free unused'],
    ['POST /api/items', 0, 'free fails-only'],
  ];
  for (const [endpoint, code, finding] of ONE) {
    it(`ends with ${code} where a build lacks ${endpoint}, as it is ${finding}`, async () => {
      expect(await findings([endpoint])).to.deep.equal({ code, notes: [], rows: [`${endpoint} ${finding}`] });
    });
  }

  it('tells first of what is needed, and then of what nobody can tell', async () => {
    const { code, rows } = await findings(['GET /api/dead', 'GET /api/health', 'GET /api/items']);
    expect(code).to.equal(1);
    expect(rows.map((row) => row.split(' ')[2])).to.deep.equal(['needed', 'unclear', 'free']);
  });

  it('cannot tell of what is tracked for too short a time', async () => {
    const { code, rows } = await findings(['GET /api/dead'], ['--minimum-days', '30']);
    expect({ code, rows }).to.deep.equal({ code: 3, rows: ['GET /api/dead unclear too-young'] });
  });

  it('finds what is called and renamed, and says how it is called now', async () => {
    const renamed = {
      method: 'GET',
      route: '/api/items/:item',
      controller: 'ShopController',
      action: 'item',
    };
    const { code, stdout } = await check(['GET /api/items/:id'], ['--json'], [renamed]);
    const [row] = (JSON.parse(stdout) as { removal: Row[] }).removal;
    expect(code).to.equal(1);
    expect(row).to.include({ change: 'renamed', renamedTo: '/api/items/:item', calls: 2, callers: 1 });
  });

  it('lets go what is taken away on purpose, and says of what that need not be said', async () => {
    const accepting = ['--accept', 'get  /api/items/:id', '--accept', 'GET /api/gone'];
    const { code, rows, notes } = await findings(['GET /api/items/:id'], accepting);
    expect({ code, rows }).to.deep.equal({ code: 0, rows: ['GET /api/items/:id accepted used'] });
    expect(notes).to.deep.equal([
      '--accept names GET /api/gone, which is not taken away: it can be left out.',
    ]);
    expect((await findings(['GET /api/items/:id', 'GET /api/items'], accepting)).code).to.equal(1);
  });

  it('names no caller in any form', async () => {
    for (const form of [[], ['--json'], ['--markdown'], ['--github'], ['--junit', 'usage.xml']])
      expect((await check(['GET /api/items/:id'], form)).stdout).not.to.match(/\bada\b/);
    expect(await readFile(folder.file('usage.xml'), 'utf8')).not.to.match(/\bada\b/);
  });

  it('prints an annotation a line, which no text of others ends or begins', async () => {
    const { code, stdout } = await check(
      ['GET /api/yearly', 'GET /api/health', 'GET /api/dead'],
      ['--github'],
    );
    expect(code).to.equal(1);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ declared.*/, '')),
    ).to.deep.equal([
      '::error title=Endpoints::Endpoints that are needed: 1 of 3 that this build removes or renames.',
      `::error title=Endpoint needed::GET /api/yearly is removed: kept, ${HOSTILE_REASON.replaceAll('%', '%25')}.`,
      '::warning title=Endpoint unclear::GET /api/health is removed: untracked, requests to it are not recorded.',
      '::notice title=Endpoint free::GET /api/dead is removed: unused, no call in 3 of 3 watched days, last call never.',
    ]);
  });

  it("adds the table to the summary of GitHub's step, behind what is there", async () => {
    const summary = folder.file('summary.md');
    await writeFile(summary, '# Before\n\n');
    const { GITHUB_STEP_SUMMARY: before } = process.env;
    process.env['GITHUB_STEP_SUMMARY'] = summary;
    try {
      await check(['GET /api/yearly'], ['--github']);
    } finally {
      if (before === undefined) delete process.env['GITHUB_STEP_SUMMARY'];
      else process.env['GITHUB_STEP_SUMMARY'] = before;
    }
    const text = await readFile(summary, 'utf8');
    const { stdout } = await check(['GET /api/yearly'], ['--markdown']);
    expect(text).to.equal(`# Before\n\n${stdout}\n`);
    expect(stdout.split('\n').filter((line) => line.startsWith('|'))).to.have.lengthOf(3);
    expect(stdout).to.include('| needed | removed |').and.not.include('<b>');
  });

  it('writes a report of JUnit: a case for each endpoint, or one that passes', async () => {
    const { stdout } = await check(
      ['GET /api/yearly', 'GET /api/health', 'GET /api/dead'],
      ['--junit', 'usage.xml'],
    );
    expect(stdout).to.include('VERDICT');
    const xml = await readFile(folder.file('usage.xml'), 'utf8');
    expect(xml).to.include('<testsuite name="koa-track-usage check" tests="3" failures="1" errors="1">');
    expect(xml).to.match(
      /<testcase classname="shop" name="GET \/api\/yearly"><failure message="[^"]*]]&gt; &lt;b&gt;&quot;&amp;&apos;/,
    );
    expect(xml).to.match(/<testcase classname="shop" name="GET \/api\/dead"><system-out>/);
    await check([], ['--junit', 'usage.xml']);
    expect(await readFile(folder.file('usage.xml'), 'utf8')).to.include('tests="1" failures="0" errors="0"');
  });

  it('cannot tell where no tracker has registered endpoints', async () => {
    await (await connectSqlite(folder.file('empty.db'))).close();
    await check([]);
    const args = ['check', '--routes', 'routes.json', '--database', 'sqlite:empty.db'];
    const empty = await cli(args, { cwd: folder.path });
    expect({ ...empty, stderr: '' }).to.deep.equal({ code: 3, stdout: '', stderr: '' });
    expect(empty.stderr).to.match(/No tracker has registered endpoints of any service yet/);
    const other = await check([], ['--service', 'shpo']);
    expect(other.code).to.equal(3);
    expect(other.stderr).to.match(/endpoints of the service 'shpo' yet; known: shop/);
  });

  it('cannot tell where the database is away', async () => {
    await check([]);
    const args = ['check', '--routes', 'routes.json', '--database', 'postgres://u:secret@127.0.0.1:1/db'];
    const { code, stderr } = await cli(args, { cwd: folder.path });
    expect(code).to.equal(3);
    expect(stderr).not.to.include('secret');
  });

  const WRONG: readonly (readonly [args: string[], problem: RegExp])[] = [
    [[], /Which build\? Give --controllers/],
    [['--routes', 'routes.json', '--controllers', 'a'], /--controllers and --routes contradict each other/],
    [['--routes', 'routes.json', '--prefix', '/api'], /--routes and --prefix contradict each other/],
    [['--routes', 'none.json'], /--routes names 'none\.json', which cannot be read: ENOENT/],
    [
      ['--routes', 'routes.json', '--junit', 'no/such/file.xml'],
      /--junit names .* cannot be written: ENOENT/,
    ],
    [['--routes', 'routes.json', '--json', '--github'], /--json and --github contradict each other/],
    [
      ['--controllers', 'a', '--prefix', 'api'],
      /--prefix is 'api'; expected a path that begins with a slash/,
    ],
  ];
  for (const [args, problem] of WRONG) {
    it(`refuses ${JSON.stringify(args)}`, async () => {
      await check([]);
      const { code, stdout, stderr } = await call(args);
      expect(stderr)
        .to.match(problem)
        .and.to.match(/^koa-track-usage: [^\n]*\n$/);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  const NO_ROUTES: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /it is no JSON/],
    ['[]', /no object with "routes" alone/],
    ['{ "routes": [], "more": 1 }', /no object with "routes" alone/],
    ['{ "routes": [] }', /"routes" is no list with routes/],
    [
      '{ "routes": [{ "method": "get", "route": "/", "controller": null, "action": null }] }',
      /"routes"\[0\] is no/,
    ],
    ['{ "routes": [{ "method": "GET", "route": "/" }] }', /"routes"\[0\] is no/],
    [
      '{ "routes": [{ "method": "GET", "route": 1, "controller": null, "action": null }] }',
      /"routes"\[0\] is no/,
    ],
  ];
  for (const [text, problem] of NO_ROUTES) {
    it(`refuses a file of routes with ${text === '' ? 'nothing' : text}`, async () => {
      await writeFile(folder.file('odd.json'), text);
      const { code, stderr } = await call(['--routes', 'odd.json']);
      expect(code).to.equal(2);
      expect(stderr)
        .to.match(problem)
        .and.to.match(/writeRoutes\(\) of koa-track-usage\/testing/);
    });
  }
});
