import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect } from 'chai';
import type { SqlStorageOptions } from '../../src/backends/sql/index.js';
import { makeRecords } from '../../src/testing/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { type CliEnd, cli } from '../support/cli.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo } from '../support/mongo.js';
import { connectMySql, openMySql } from '../support/mysql.js';
import { connectPostgres, postgresClient } from '../support/postgresql.js';
import type { FreshDatabase } from '../support/servers.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../support/sqlite.js';

const EXPORT = ['export', '--username', 'ada'];
const ERASE = ['erase', '--username', 'ada', '--yes'];

/** Stores three records of ada's, and closes the storage. */
async function fill(opening: Promise<UsageStorage>): Promise<void> {
  const storage = await opening;
  const records = makeRecords(3).map((record) => Object.assign({}, record, { username: 'ada' }));
  await storage.store(records, new AbortController().signal);
  await storage.close?.();
}

/** Commands on a server's database, whose tables have these names. */
function behavesOnServer(
  open: (database: FreshDatabase, options?: Pick<SqlStorageOptions, 'tableName'>) => Promise<UsageStorage>,
  database: () => FreshDatabase,
  urlOf: (database: FreshDatabase) => string,
  tables: () => Promise<string[]>,
): void {
  it('reads, and erases, in a table by its name', async () => {
    await fill(open(database(), { tableName: 'calls' }));
    const where = ['--database', urlOf(database()), '--table', 'calls'];
    const exported = await cli([...EXPORT, ...where]);
    expect({ ...exported, stdout: exported.stdout.split('\n').length }).to.deep.equal({
      code: 0,
      stdout: 4,
      stderr: '',
    });
    const { code, stdout } = await cli([...ERASE, ...where]);
    expect(stdout).to.match(/^Erased from \w+: 3 records, /);
    expect(code).to.equal(0);
    expect((await cli([...EXPORT, ...where])).stdout).to.equal('');
  });

  it('refuses a table that is not there, and makes none', async () => {
    const before = await tables();
    for (const args of [EXPORT, ERASE]) {
      const { code, stderr } = await cli([...args, '--database', urlOf(database()), '--table', 'nowhere']);
      expect({ code, stderr }).to.have.property('code', 2);
      expect(stderr).to.match(/'nowhere' cannot be read/);
    }
    expect(await tables()).to.deep.equal(before);
  });

  it('does not show the password of a user who is not let in', async () => {
    const url = urlOf(database())
      .replace(/\/\/[^@/]*@/, '//')
      .replace('//', '//nobody:hunter2@');
    const { code, stderr, stdout } = await cli([...EXPORT, '--database', url, '--verbose']);
    expect(stderr + stdout).not.to.include('hunter2');
    expect(code).to.be.oneOf([0, 2, 3]);
  });
}

describe('Where the command line finds records', () => {
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

  describe('by --database on SQLite', () => {
    for (const form of ['sqlite:usage.db', 'sqlite://usage.db', 'SQLITE:usage.db']) {
      it(`opens ${form}, and changes nothing`, async () => {
        await fill(connectSqlite(folder.file('usage.db')));
        const before = await readFile(folder.file('usage.db'));
        const { code, stdout } = await call([...EXPORT, '--database', form]);
        expect({ code, lines: stdout.split('\n').length }).to.deep.equal({ code: 0, lines: 4 });
        expect((await readFile(folder.file('usage.db'))).equals(before)).to.equal(true);
      });
    }

    it('makes neither a file nor a table', async () => {
      const missing = await call([...ERASE, '--database', 'sqlite:none.db']);
      expect(missing.stderr).to.match(/names the file '.*none\.db', which cannot be opened: it is not there/);
      expect(await stat(folder.file('none.db')).catch(() => 'missing')).to.equal('missing');

      await executeNative(folder.file('empty.db'), 'create table notes (text text)');
      const empty = await call([...ERASE, '--database', 'sqlite:empty.db']);
      expect(empty.stderr).to.match(/The table 'koa_usage' cannot be read/);
      expect([missing.code, empty.code]).to.deep.equal([2, 2]);
      const made = await call([...EXPORT, '--database', 'sqlite:empty.db']);
      expect(made.code).to.equal(2);
    });

    it('refuses a table of another shape, and one that lacks a column', async () => {
      await fill(connectSqlite(folder.file('usage.db')));
      await executeNative(folder.file('usage.db'), 'alter table koa_usage drop column visitor');
      for (const args of [EXPORT, ERASE]) {
        const { code, stderr } = await call([...args, '--database', 'sqlite:usage.db']);
        expect(stderr).to.match(/cannot be read.*visitor/);
        expect(code).to.equal(2);
      }
    });

    it('refuses a file that is no database', async () => {
      await writeFile(
        folder.file('notes.txt'),
        'no database at all, but long enough to look like one\n'.repeat(20),
      );
      const { code, stderr } = await call([...EXPORT, '--database', 'sqlite:notes.txt']);
      expect(stderr).to.match(/not a database/);
      expect(code).to.equal(3);
    });
  });

  const REFUSED: readonly (readonly [args: string[], problem: RegExp])[] = [
    [[], /Where are the records\? Give --database \(sqlite:/],
    [
      ['--database', 'oracle://scott:tiger@host/db'],
      /names no kind of database that is known; expected sqlite:/,
    ],
    [['--database', 'usage.db'], /names no kind of database/],
    [['--database', 'sqlite:'], /names no file/],
    [['--database', 'postgres://u:hunter2@h/a@b'], /a URL, such as/],
    [['--database', 'sqlite:a.db', '--config', 'a.mjs'], /--config and --database both say/],
    [['--table', 'calls'], /--table belongs to --database/],
    [['--config', 'none.mjs'], /There is no configuration none\.mjs/],
  ];
  for (const [args, problem] of REFUSED) {
    it(`refuses ${JSON.stringify(args)}`, async () => {
      const { code, stderr } = await call([...EXPORT, ...args]);
      expect(stderr)
        .to.match(problem)
        .and.not.to.match(/hunter2|tiger/);
      expect(code).to.equal(2);
    });
  }

  describe('by a configuration', () => {
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

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;
    before(async () => void (database = await server().freshDatabase()));
    after(() => database.drop());

    const tables = async (): Promise<string[]> => {
      const client = await postgresClient(database);
      const { rows } = await client.query<{ name: string }>(
        "select tablename as name from pg_tables where schemaname = 'public'",
      );
      await client.end();
      return rows.map(({ name }) => name).toSorted();
    };
    behavesOnServer(
      connectPostgres,
      () => database,
      ({ url }) => url,
      tables,
    );

    it('takes what asks for TLS, or for none', async () => {
      await fill(connectPostgres(database));
      const plain = await cli([...EXPORT, '--database', `${database.url}?sslmode=disable`]);
      expect(plain.code, plain.stderr).to.equal(0);
      const encrypted = await cli([...EXPORT, '--database', `${database.url}?sslmode=require`]);
      expect(encrypted.stderr).to.match(/SSL/);
    });
  });

  describeOn('mariadb', (server) => {
    let database: FreshDatabase;
    before(async () => void (database = await server().freshDatabase()));
    after(() => database.drop());

    const tables = async (): Promise<string[]> => {
      const connection = await openMySql(database.url);
      const [rows] = await connection.query('show tables');
      await connection.end();
      return (rows as object[]).flatMap((row) => Object.values(row) as string[]).toSorted();
    };
    const open = ({ url }: FreshDatabase, options = {}): Promise<UsageStorage> => connectMySql(url, options);
    for (const scheme of ['mariadb', 'mysql'])
      describe(`by ${scheme}://`, () => {
        behavesOnServer(
          open,
          () => database,
          ({ url }) => url.replace(/^\w+:/, `${scheme}:`),
          tables,
        );
      });
  });

  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    before(async () => void (database = await server().freshDatabase()));
    after(() => database.drop());

    const open = (
      fresh: FreshDatabase,
      { tableName }: { tableName?: string | undefined } = {},
    ): Promise<UsageStorage> => connectMongo(fresh, { collection: tableName });
    const urlOf = ({ url, name }: FreshDatabase): string => {
      const whole = new URL(url);
      whole.pathname = `/${name}`;
      return whole.href;
    };
    behavesOnServer(
      open,
      () => database,
      urlOf,
      async () => [],
    );
  });
});
