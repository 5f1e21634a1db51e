import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { Container } from 'typedi';
import { Tracked, type UsageTracker } from '../src/index.js';
import { JSON_LIMITS, TEXT_LIMITS } from '../src/record/limits.js';
import { SqlStorage, UsageRepository } from '../src/backends/sql/index.js';
import { freePort } from './support/processes.js';
import { type Served, serve } from './support/serve.js';
import { until } from './support/until.js';

const ROOT = process.cwd();
const FOLDER = join(ROOT, 'build', 'readme');

/** A fenced block of TypeScript, with the comment that stands in front of it, if one does. */
const SNIPPET = /(?:<!-- (context|run:)([\s\S]*?)-->\s*)?```ts\n([\s\S]*?)```/g;

/** The pages that users learn from. */
const PAGES = [
  'README.md',
  'docs/options.md',
  'docs/endpoints.md',
  'docs/ci.md',
  'docs/operations.md',
  'docs/storages.md',
  'docs/scale.md',
  'docs/privacy.md',
  'docs/recipes.md',
  'docs/guarantees.md',
  'docs/migrating.md',
  'docs/summaries.md',
  'docs/cli.md',
  'docs/dashboard.md',
];

/** Where the fields are within the record whose limits are called otherwise. */
const FIELDS: Readonly<Record<string, string>> = {
  userAgentPart: 'userAgent.browser',
  userAgentString: 'userAgent.string',
};

@JsonController('/recipes')
class RecipeController {
  @Tracked()
  @Get('/often')
  often(): string {
    return 'called';
  }

  @Tracked()
  @Get('/never')
  never(): string {
    return 'not called';
  }

  @Get('/unknown')
  unknown(): string {
    return 'not tracked';
  }
}

interface CallsByAction {
  readonly callsByAction: (
    tracker: UsageTracker,
    usageRepo: UsageRepository,
  ) => Promise<{ action: string }[]>;
}

interface Snippet {
  readonly name: string;
  readonly code: string;
}

async function readSnippets(): Promise<Snippet[]> {
  const pages = PAGES.map((page) => readFile(join(ROOT, page), 'utf8'));
  const text = (await Promise.all(pages)).join('\n');
  return [...text.matchAll(SNIPPET)].map(([, kind, comment, code], index) => ({
    name: kind === 'run:' ? String(comment).trim() : `snippet-${index}`,
    code: `${kind === 'context' ? comment : ''}\n${code}\nexport {};\n`,
  }));
}

async function compile(snippets: readonly Snippet[]): Promise<string> {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  for (const { name, code } of snippets) await writeFile(join(FOLDER, `${name}.ts`), code);
  const compilerOptions = { types: ['node'], rootDir: '.', outDir: 'out', noUnusedLocals: false };
  await writeFile(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }),
  );
  const run = promisify(execFile)(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    FOLDER,
  ]);
  return run.then(
    () => '',
    (error: { stdout?: string }) => error.stdout ?? 'tsc could not be run',
  );
}

describe('The README', function () {
  this.timeout(60_000);
  let snippets: Snippet[] = [];
  let child: ChildProcess | null = null;
  let served: Served | null = null;

  before(async () => {
    snippets = await readSnippets();
  });

  after(async () => {
    child?.kill('SIGKILL');
    await served?.close();
  });

  it('has snippets, and all of them compile', async () => {
    expect(snippets.map(({ name }) => name)).to.include('quickstart');
    expect(snippets.length).to.be.at.least(6);
    expect(await compile(snippets)).to.equal('');
  });

  it('has a first snippet that tracks as its comments say', async () => {
    const program = join(FOLDER, 'out', 'quickstart.js');
    const source = await readFile(program, 'utf8');
    expect(source).to.contain('app.listen(3000)');
    await writeFile(
      program,
      source.replace('app.listen(3000)', "app.listen(Number(process.env.PORT), '127.0.0.1')"),
    );
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    const port = await freePort();
    child = spawn(process.execPath, [program], {
      cwd: folder,
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    await until(
      async () => (await get('/users/7').catch(() => null))?.status === 200,
      'the application answers',
    );
    for (const path of ['/users/health', '/orders', '/orders/draft', '/nowhere']) await get(path);
    // A request that never ends, as an event stream does.
    const endless = connect(port, '127.0.0.1').on('error', () => {});
    endless.write(
      'POST /orders HTTP/1.1\r\nHost: spec\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n',
    );
    await get('/users/health');
    child.kill('SIGTERM');
    await once(child, 'exit');
    endless.destroy();
    await rm(folder, { recursive: true });
    expect(printed).to.equal('{ stored: 2, spooled: 0, dropped: 0 }\n');
  });

  it('leads to a recipe that tells what was called from what never was, in code and in SQL', async () => {
    const { callsByAction } = (await import(join(FOLDER, 'out', 'calls-by-action.js'))) as CallsByAction;
    const [, sql = ''] = /```sql\n(select [\s\S]*?)```/.exec(await readFile('docs/recipes.md', 'utf8')) ?? [];
    const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: ':memory:' });
    served = await serve({ controllers: [RecipeController], tracker: { storage } });
    const { origin, usage } = served;
    for (const path of ['often', 'often', 'unknown']) await (await fetch(`${origin}/recipes/${path}`)).text();
    await until(() => usage.tracker.stats().accepted === 2, 'both are recorded');
    await usage.tracker.flush();
    const usageRepo = Container.get(UsageRepository);
    const rows = await callsByAction(usage.tracker, usageRepo);
    expect(rows.filter(({ action }) => action.startsWith('RecipeController.'))).to.deep.equal([
      { action: 'RecipeController.never', endpoint: 'GET /recipes/never', calls: 0 },
      { action: 'RecipeController.often', endpoint: 'GET /recipes/often', calls: 2 },
      { action: 'RecipeController.unknown', endpoint: 'GET /recipes/unknown', calls: null },
    ]);
    const found: object[] = await usageRepo.getEntityManager().getConnection().execute(sql);
    expect(found).to.have.length(1);
    expect(found[0]).to.include({ controller: 'RecipeController', action: 'often', calls: 2, users: 0 });
    expect(found[0])
      .to.have.property('last_call')
      .that.matches(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  it('leads to a page that states the length of every text and of every object', async () => {
    const page = await readFile(join(ROOT, 'docs/options.md'), 'utf8');
    const [, lengths = ''] = page.split('\n## Lengths\n');
    const shown = (limit: number): string => limit.toLocaleString('en');
    for (const [name, limit] of Object.entries(TEXT_LIMITS)) {
      const field = FIELDS[name] ?? name;
      expect(lengths).to.match(new RegExp(`^\\| \`${field}\`.* \\| ${shown(limit)} +\\|$`, 'm'));
    }
    const { depth, keys, text, bytes } = JSON_LIMITS;
    for (const part of [
      `${depth} levels`,
      `${keys} names`,
      `${shown(text)} code units`,
      `${shown(bytes)} bytes`,
    ])
      expect(lengths).to.include(part);
  });

  it('links, as all pages do, to nothing that is not there, nor to a heading that is not', async () => {
    const names = await readdir(join(ROOT, 'docs'));
    const docs = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
    const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/NOTES.md', ...docs];
    const links = (await Promise.all(pages.map(linksOf))).flat();
    expect(links.filter(({ file }) => file !== null)).to.have.length.above(30);
    expect(links.filter(({ anchor }) => anchor !== null)).to.have.length.above(15);
    const broken: string[] = [];
    for (const { page, file, anchor } of links) {
      const target = file === null ? page : join(dirname(page), file);
      const text = await readFile(join(ROOT, target), 'utf8').catch(() => null);
      if (text === null || (anchor !== null && !anchorsOf(text).has(anchor)))
        broken.push(`${page}: ${file ?? ''}#${anchor ?? ''}`);
    }
    expect(broken).to.deep.equal([]);
  });
});

interface Link {
  readonly page: string;
  /** Null within a page. */
  readonly file: string | null;
  readonly anchor: string | null;
}

/** The links of a page that do not leave the repository. */
async function linksOf(page: string): Promise<Link[]> {
  const text = withoutCode(await readFile(join(ROOT, page), 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = null] = target.split('#');
      return { page, file: file === '' ? null : file, anchor };
    });
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#+ +(.*?) *$/gm)) {
    const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = shown.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let name = anchor;
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^( *)```[^]*?^\1```/gm, '');
}
