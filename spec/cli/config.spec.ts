import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { type CliEnd, cli, fill } from '../support/cli.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';

const EXPORT = ['export', '--username', 'ada'];
const ERASE = ['erase', '--username', 'ada', '--yes'];

describe('The configuration of the command line', () => {
  const folder = useTemporaryFolder();

  function config(content: string, name = 'koa-track-usage.config.mjs'): Promise<void> {
    return writeFile(folder.file(name), content);
  }

  function call(args: readonly string[]): Promise<CliEnd> {
    return cli(args, { cwd: folder.path });
  }

  /** Has configurations in the folder find the packages of this project. */
  async function linkPackages(): Promise<void> {
    await mkdir(folder.file('node_modules'));
    await symlink(resolve('.'), folder.file('node_modules/koa-track-usage'), 'dir');
    await symlink(resolve('node_modules/@mikro-orm'), folder.file('node_modules/@mikro-orm'), 'dir');
  }

  const CONNECT =
    "SqlStorage.connect({ driver: SqliteDriver, dbName: new URL('usage.db', import.meta.url).pathname, ";
  const IMPORTS =
    "import { SqliteDriver } from '@mikro-orm/sqlite';\nimport { defineConfig } from 'koa-track-usage/cli';\n" +
    "import { SqlStorage, usageEntities } from 'koa-track-usage/sql';\n";

  beforeEach(async () => {
    await linkPackages();
    await fill(connectSqlite(folder.file('usage.db')));
  });

  const FORMS: readonly (readonly [title: string, name: string, content: string])[] = [
    [
      'a function, which learns that it is only read',
      'koa-track-usage.config.mjs',
      `export default defineConfig({ storage: async ({ readOnly }) => {
        if (!readOnly) throw new Error('nothing is to be written');
        return ${CONNECT} readOnly });
      } });`,
    ],
    [
      'a promise',
      'koa-track-usage.config.mjs',
      `export default defineConfig({ storage: ${CONNECT} readOnly: true }) });`,
    ],
    [
      'a storage',
      'koa-track-usage.config.mjs',
      `export default defineConfig({ storage: await ${CONNECT} readOnly: true }) });`,
    ],
    [
      'TypeScript',
      'koa-track-usage.config.ts',
      `const name: string = 'usage'; export default defineConfig({ storage: ${CONNECT} name }) });`,
    ],
    [
      "the application's MikroORM",
      'koa-track-usage.config.mjs',
      `import { MikroORM } from '@mikro-orm/sqlite';
      const dbName = new URL('usage.db', import.meta.url).pathname;
      export default defineConfig({
        storage: async () => new SqlStorage(await MikroORM.init({ driver: SqliteDriver, dbName, entities: usageEntities() })),
      });`,
    ],
  ];
  for (const [title, name, content] of FORMS) {
    it(`takes ${title}`, async () => {
      await config(IMPORTS + content, name);
      const { code, stdout, stderr } = await call(EXPORT);
      expect({ code, lines: stdout.split('\n').length, stderr }).to.deep.equal({
        code: 0,
        lines: 4,
        stderr: '',
      });
    });
  }

  it('takes one by its name, and opens it for writing where a command writes', async () => {
    await config(
      `${IMPORTS} export default defineConfig({ storage: ({ readOnly }) => ${CONNECT} readOnly }) });`,
      'other.mjs',
    );
    const { code, stdout } = await call([...ERASE, '--config', 'other.mjs', '--json']);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ storage: 'sqlite', records: 3, totalsUntil: null });
  });

  it('makes nothing where a command writes', async () => {
    const connect = CONNECT.replace('usage.db', 'misspelt.db');
    await config(`${IMPORTS} export default { storage: ({ readOnly }) => ${connect} readOnly }) };`);
    for (const args of [ERASE, ['prune', '--keep-days', '3', '--yes'], ['rebuild']]) {
      const { stdout, stderr } = await call(args);
      expect({ stdout, stderr }).to.have.property('stdout', '');
      expect(stderr).to.match(/misspelt\.db' cannot be opened/);
    }
    expect(await readdir(folder.path)).to.not.include('misspelt.db');
  });

  const WRONG: readonly (readonly [content: string, problem: RegExp, code: number])[] = [
    ['export const config = {};', /exports no configuration; write export default defineConfig/, 2],
    ['export default {};', /the option 'storage' is undefined; expected a storage, a promise/, 2],
    ['export default { storage: {}, storages: [] };', /'storages'/, 2],
    ['export default { storage: {} };', /gave a value of type object; expected a storage/, 2],
    ["throw new Error('of the application');", /cannot be loaded: of the application/, 2],
    ["import 'nothing-of-this-name';", /cannot be loaded: Cannot find package 'nothing-of-this-name'/, 2],
    ['export default {', /cannot be loaded: /, 2],
    ["export default { storage: () => { throw new Error('is away'); } };", /cannot be opened: is away/, 3],
    [
      "export default { storage: async () => ({ name: 'own', store() {} }) };",
      /'own' cannot be read back/,
      2,
    ],
    ['export default { storage: {}, retention: { records: 90 } };', /retention\.records/, 2],
  ];
  for (const [content, problem, expected] of WRONG) {
    it(`refuses ${content}`, async () => {
      await config(content);
      const { code, stdout, stderr } = await call(EXPORT);
      expect(stderr)
        .to.match(problem)
        .and.to.match(/^koa-track-usage: [^\n]*\n$/);
      expect({ code, stdout }).to.deep.equal({ code: expected, stdout: '' });
    });
  }
});
