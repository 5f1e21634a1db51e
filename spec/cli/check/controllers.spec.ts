import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type CliEnd, cli } from '../../support/cli.js';
import { useTemporaryFolder } from '../../support/sqlite.js';

const ROUTING = `import * as routing from '${import.meta.resolve('routing-controllers')}';
  const { Get, JsonController, Middleware } = routing;\n`;
const TRACKING = `import { Tracked } from '${import.meta.resolve('koa-track-usage')}';\n`;

/** A controller as a compiler writes it. */
function controller(name: string, path: string, more = ''): string {
  return `export class ${name} {
    constructor() { throw new Error('An instance was made.'); }
    one() {}
  }
  Get('/:id')(${name}.prototype, 'one');
  ${more}
  JsonController('${path}')(${name});\n`;
}

describe('Compiled controllers', () => {
  const folder = useTemporaryFolder();

  async function files(texts: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(folder.file('dist'), { recursive: true });
    for (const [name, text] of Object.entries(texts)) await writeFile(folder.file(`dist/${name}`), text);
  }

  /** Lists what is there, by writing a file of it. */
  async function load(...args: readonly string[]): Promise<CliEnd & { readonly actions: object }> {
    const end = await cli(['inventory', '--check', 'all.json', '--json', ...args], { cwd: folder.path });
    if (end.code === 2) return { ...end, actions: {} };
    const { differences } = JSON.parse(end.stdout) as { differences: { action: string; to: object }[] };
    return { ...end, actions: Object.fromEntries(differences.map(({ action, to }) => [action, to])) };
  }

  beforeEach(() => writeFile(folder.file('all.json'), '{ "actions": {} }'));

  it('are found by globs, in ES modules, CommonJS and lists, and registered under a prefix', async () => {
    await files({
      'a.js': `${ROUTING + TRACKING}${controller('A', '/a', "Tracked({ ip: 'none', sampleRate: () => 1, retention: { days: 7 } })(A.prototype, 'one');")}`,
      'b.cjs': `const { Get, JsonController } = require('${new URL(import.meta.resolve('routing-controllers')).pathname}');
        ${controller('B', '/b').replace('export', '')} module.exports = { list: [B] };`,
      'c.mjs': `${ROUTING}${controller('C', '/c').replace('export', '')} export default { deep: { C } }; export const number = 1;
        export const loop = {}; loop.self = loop;
        class Other {} JsonController('/other')(Other); Get('/')(Other.prototype, 'one');
        routing.createKoaServer({ controllers: [Other] });`,
      'hidden.js': `${ROUTING}${controller('Hidden', '/hidden').replace('export', '')}`,
      'a.d.ts': 'export declare class A {}',
    });
    const { code, stderr, actions } = await load(
      '--controllers',
      'dist/a.*',
      '--controllers',
      'dist/{b,c,hidden}.*',
      '--prefix',
      '/api',
    );
    expect(stderr).to.equal('');
    expect({ code, actions }).to.deep.equal({
      code: 1,
      actions: {
        'GET /api/a/:id': { tracked: true, ip: 'none', sampleRate: null, retentionDays: 7 },
        'GET /api/b/:id': {},
        'GET /api/c/:id': {},
      },
    });
  });

  it('are no instances, neither controllers nor global middleware, and what they print is no answer', async () => {
    const middleware = `export class Global { constructor() { throw new Error('An instance was made.'); } use() {} }
      Middleware({ type: 'before' })(Global);`;
    await files({
      'a.js': `${ROUTING}${controller('A', '/a')}${middleware} console.log('loading'); setInterval(() => {}, 1000);`,
    });
    const { stdout, stderr, actions } = await load('--controllers', 'dist/*.js');
    expect(actions).to.deep.equal({ 'GET /a/:id': {} });
    expect(stdout).not.to.include('loading');
    expect(stderr).to.equal('loading\n');
  });

  const UNUSABLE: readonly (readonly [title: string, text: string, problem: RegExp])[] = [
    [
      'throws',
      'throw new Error("no \\u001b[31mdatabase");',
      /The controllers in '.*dist\/a\.js' cannot be loaded: no \\x1b\[31mdatabase\n$/,
    ],
    ['is no JavaScript', 'export class {', /in '.*dist\/a\.js' cannot be loaded: /],
    [
      'lacks a package',
      "import 'no-such-package';",
      /in '.*dist\/a\.js' cannot be loaded: Cannot find package 'no-such-package'/,
    ],
    ['ends the process', 'process.exit(0);', /ended the process that loaded them, with code 0/],
    ['has no class', 'export const one = 1;', /export no class/],
    [
      'has a class that is no controller',
      'export class One {}',
      /'?dist\/\*\.js'? export no controller with an action/,
    ],
  ];
  for (const [title, text, problem] of UNUSABLE) {
    it(`are refused, with the reason, where a file ${title}`, async () => {
      await files({ 'a.js': text });
      const { code, stdout, stderr } = await load('--controllers', 'dist/*.js');
      expect(stderr)
        .to.match(problem)
        .and.to.match(/^koa-track-usage: [^\n]*\n$/);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  it('are refused where a glob finds nothing that is compiled', async () => {
    await files({ 'a.ts': 'export class A {}' });
    const { code, stderr } = await load('--controllers', 'dist/*');
    expect(code).to.equal(2);
    expect(stderr).to.match(/--controllers 'dist\/\*' names no file with compiled JavaScript in /);
  });

  it('tell where they fail, when asked', async () => {
    await files({ 'a.js': 'function fail() { throw new Error("no"); }\nfail();' });
    const { stderr } = await load('--controllers', 'dist/*.js', '--verbose');
    expect(stderr).to.match(/at fail \(.*dist\/a\.js:1:/);
  });
});
