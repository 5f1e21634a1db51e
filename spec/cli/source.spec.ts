import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { SqlStorageOptions } from '../../src/backends/sql/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { type CliEnd, cli, fill } from '../support/cli.js';
import { describeOn } from '../support/describe-on.js';
import { connectClickHouse } from '../support/clickhouse.js';
import { connectMongo } from '../support/mongo.js';
import { connectMySql, openMySql } from '../support/mysql.js';
import { connectPostgres, postgresClient } from '../support/postgresql.js';
import type { FreshDatabase } from '../support/servers.js';
import { connectSqlite, executeNative, openNative, useTemporaryFolder } from '../support/sqlite.js';

const EXPORT = ['export', '--username', 'ada'];
const ERASE = ['erase', '--username', 'ada', '--yes'];

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

  function call(args: readonly string[]): Promise<CliEnd> {
    return cli(args, { cwd: folder.path });
  }

  describe('by --database on SQLite', () => {
    for (const form of ['sqlite:usage.db', 'SQLITE://usage.db']) {
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

    it('makes no index of a table that it deletes from', async () => {
      await fill(connectSqlite(folder.file('usage.db')));
      const native = await openNative(folder.file('usage.db'));
      const indexes = (): unknown[] =>
        native.database
          .prepare("select name from sqlite_master where type = 'index' and sql is not null")
          .all();
      for (const { name } of indexes() as { name: string }[]) native.database.exec(`drop index "${name}"`);
      expect((await call([...ERASE, '--database', 'sqlite:usage.db'])).code).to.equal(0);
      expect(indexes()).to.deep.equal([]);
      await native.close();
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
      expect(stderr).to.match(/which is no database of SQLite/);
      expect(code).to.equal(2);
    });
  });

  const REFUSED: readonly (readonly [args: string[], problem: RegExp])[] = [
    [[], /Where are the records\? Give --database \(sqlite:/],
    [
      ['--database', 'oracle://scott:tiger@host/db'],
      /names no kind of database that is known; expected sqlite:/,
    ],
    [['--database', 'clickhouse+http:'], /clickhouse: is no URL/],
    [['--database', 'clickhouse:usage'], /clickhouse: is no URL; expected clickhouse:\/\/user@host/],
    [['--database', 'clickhouse:///usage'], /clickhouse: is no URL/],
    [['--database', 'postgres:usage'], /postgres: is no URL; expected postgres:\/\/user@host\/database/],
    [['--database', 'mongodb:usage'], /expected a URL, such as 'mongodb:\/\/user@host\/database'/],
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

  describeOn('clickhouse', (server) => {
    let database: FreshDatabase;
    before(async () => void (database = await server().freshDatabase()));
    after(() => database.drop());

    behavesOnServer(
      connectClickHouse,
      () => database,
      ({ url }) => url,
      async () => [],
    );
  });
});
