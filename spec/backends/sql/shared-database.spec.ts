import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MikroORM, type Options, defineEntity, p } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage, type SqlStorageOptions, usageTables } from '../../../src/backends/sql/index.js';
import { describeOn } from '../../support/describe-on.js';
import { makeRecord } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { warningsOf } from '../../support/warnings.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

/** A list that was asked for is remembered as long as the process lives: each name has one use. */
const LISTED = 'usage_listed';
const UNLISTED = 'usage_unlisted';

/** How both the storage and the application get into one empty database. */
interface Place {
  readonly options: SqlStorageOptions;
  readonly drop: () => Promise<void>;
}

function guardsTheTables(title: string, open: () => Promise<Place>, isWarnedAnyway: boolean): void {
  describe(title, () => {
    let place: Place;
    let migrations: string;

    beforeEach(async () => {
      place = await open();
      // Inside the project, as a migration imports MikroORM.
      migrations = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'migrations-'));
    });

    afterEach(async () => {
      await rm(migrations, { recursive: true, force: true });
      await place.drop();
    });

    /** An application's MikroORM, which knows nothing of usage, with its table made. */
    async function application(skipTables: string[]): Promise<MikroORM> {
      const { driver, dbName, clientUrl } = place.options;
      const orm = await MikroORM.init({
        driver,
        ...(dbName === undefined ? { clientUrl } : { dbName }),
        entities: [Note],
        extensions: [Migrator],
        migrations: { path: migrations, emit: 'cjs', snapshot: false, silent: true },
        schemaGenerator: { skipTables },
      } as object as Options);
      await orm.schema.update({ safe: true });
      return orm;
    }

    const connect = (tableName: string, more: Partial<SqlStorageOptions> = {}): Promise<SqlStorage> =>
      SqlStorage.connect({ ...place.options, tableName, ...more });

    it('keeps its tables from a schema tool that has the list, and from no other', async () => {
      const careless = await application([]);
      const careful = await application(usageTables(LISTED));
      const storage = await connect(LISTED);
      await storage.salts.claim('2026-01-01', 'a'.repeat(64), signal);
      await storage.store([makeRecord()], signal);
      expect(await careless.schema.getUpdateSchemaSQL()).to.match(/drop table .*usage_listed/);
      expect(await careful.schema.getUpdateSchemaSQL()).to.not.include('usage');
      expect((await careful.migrator.create()).diff.up.join('\n')).to.not.include('usage');
      await careful.schema.update();
      expect(await storage.reader.countUsage()).to.equal(1);
      expect(await storage.salts.claim('2026-01-01', 'b'.repeat(64), signal)).to.equal('a'.repeat(64));
      await storage.close();
      await careful.close(true);
      await careless.close(true);
    });

    it('warns once where there are tables of others and the list was not asked for', async () => {
      const warningsOfConnecting = (
        tableName: string,
        more?: Partial<SqlStorageOptions>,
      ): Promise<string[]> =>
        warningsOf(async () => {
          const opened = await connect(tableName, more);
          if (more === undefined) await opened.salts.claim('2026-01-01', 'a'.repeat(64), signal);
          await opened.close();
        });
      usageTables(LISTED);
      expect(await warningsOfConnecting(UNLISTED)).to.deep.equal([]);
      expect(await warningsOfConnecting(UNLISTED)).to.deep.equal([]);
      const orm = await application([UNLISTED, `${UNLISTED}_salt`]);
      const [warning, ...further] = await warningsOfConnecting(UNLISTED);
      expect(warning)
        .to.include("such as 'note'")
        .and.include("drop 'usage_unlisted'")
        .and.include("usageTables('usage_unlisted')");
      expect(warning).to.not.match(/postgres:|mysql:|\n/);
      expect(further).to.deep.equal([]);
      expect(await warningsOfConnecting(UNLISTED, { readOnly: true })).to.deep.equal([]);
      expect(await warningsOfConnecting(LISTED)).to.have.lengthOf(isWarnedAnyway ? 1 : 0);
      await orm.close(true);
    });
  });
}

describe('SqlStorage.connect into a database of the application', function () {
  this.timeout(30_000);

  guardsTheTables(
    'on SQLite, whose transactions it disturbs as well',
    async () => {
      const folder: TemporaryFolder = await temporaryFolder();
      return {
        options: { driver: SqliteDriver, dbName: folder.file('app.db') },
        drop: () => folder.remove(),
      };
    },
    true,
  );

  it('takes the tables that SQLite makes for itself for nobody else’s', async () => {
    const folder = await temporaryFolder();
    const options = { driver: SqliteDriver, dbName: folder.file('usage.db') };
    const storage = await SqlStorage.connect(options);
    await storage.reader.getEntityManager().getConnection().execute('analyze', [], 'run');
    await storage.close();
    expect(await warningsOf(async () => (await SqlStorage.connect(options)).close())).to.deep.equal([]);
    await folder.remove();
  });

  describeOn('postgresql', (server) => {
    for (const [title, schema] of [
      ['in its schema', undefined],
      ['in a schema of its own', 'usage'],
    ] as const) {
      guardsTheTables(
        title,
        async () => {
          const database = await server().freshDatabase();
          return {
            options: { driver: PostgreSqlDriver, clientUrl: database.url, ...(schema && { schema }) },
            drop: () => database.drop(),
          };
        },
        false,
      );
    }
  });

  describeOn('mariadb', (server) => {
    guardsTheTables(
      'in it',
      async () => {
        const database = await server().freshDatabase();
        return { options: { driver: MariaDbDriver, clientUrl: database.url }, drop: () => database.drop() };
      },
      false,
    );
  });
});
