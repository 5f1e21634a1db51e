import { symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { type BuildOptions, build } from 'esbuild';
import { type Ended, run } from '../../../support/run.js';
import { useTemporaryFolder } from '../../../support/sqlite.js';

const APPLICATION = `
import { SqliteDriver } from '@mikro-orm/sqlite';
import { SqlStorage } from 'koa-track-usage/sql';
import { makeRecords } from './build/spec/support/records.js';

async function main() {
  const { signal } = new AbortController();
  const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: process.argv[2] });
  const stored = [];
  for (let batch = 0; batch < 2; batch += 1) stored.push((await storage.store(makeRecords(300), signal)).stored);
  stored.push(await storage.deleteBefore(new Date('2100-01-01'), 100, signal));
  stored.push((await storage.reader.getUsage({ limit: 1000 })).length);
  await storage.close();
  console.log(JSON.stringify(stored));
}
void main();
`;

/** Native addons, and what MikroORM and Kysely look for though they do without. */
const EXTERNAL = ['better-sqlite3', '@mikro-orm/*', 'pg*', 'mysql2', 'mariadb', 'tedious', 'sqlstring'];

const REQUIRE = `import { createRequire as make } from 'node:module'; const require = make(import.meta.url);`;

describe('SQLite in a bundle', () => {
  const folder = useTemporaryFolder();

  async function runBundle(name: string, options: BuildOptions): Promise<Ended> {
    const outfile = folder.file(name);
    await symlink(resolve('node_modules'), folder.file('node_modules'), 'dir');
    await build({
      stdin: { contents: APPLICATION, resolveDir: resolve('.') },
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node22',
      logLevel: 'silent',
      ...options,
    });
    return run(process.execPath, [outfile, folder.file('usage.db')]);
  }

  for (const [format, name, reason] of [
    ['cjs', 'app.cjs', 'Invalid URL'],
    ['esm', 'app.mjs', 'Cannot find module'],
  ] as const) {
    it(`writes on the event loop, and says so in one line, as ${format}`, async () => {
      const banner = format === 'esm' ? { banner: { js: REQUIRE } } : {};
      const { code, stdout, stderr } = await runBundle(name, { format, external: EXTERNAL, ...banner });
      expect(stdout, stderr).to.equal('[300,300,100,500]\n');
      expect(code).to.equal(0);
      expect(stderr.match(/koa-track-usage:/g)).to.have.lengthOf(1);
      expect(stderr).to.include('SQLite works on the event loop').and.to.include(reason);
    });
  }
});
