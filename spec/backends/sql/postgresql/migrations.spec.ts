import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineEntity, p } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, initPostgresOrm } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

describeOn('postgresql', (server) => {
  describe("The application's migrations", () => {
    let database: FreshDatabase;
    let path: string;

    before(async () => {
      database = await server().freshDatabase();
      // Inside the project, as the migration imports MikroORM.
      path = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'migrations-'));
    });

    after(async () => {
      await rm(path, { recursive: true, force: true });
      await database.drop();
    });

    it('make the table of usage records, see nothing to do afterwards, and undo it', async () => {
      const orm = await initPostgresOrm(database, {
        entities: [Usage, Note],
        extensions: [Migrator],
        migrations: { path, emit: 'cjs', snapshot: false, silent: true },
      });
      try {
        const { diff } = await orm.migrator.create();
        expect(diff.up.join('\n'))
          .to.include('create table "koa_usage"')
          .and.include('"koa_usage_date_id_index"');
        await orm.migrator.up();
        const storage = new SqlStorage(orm);
        const record = makeRecord({ trackVar: { a: 1.5 }, responseBytes: 2 ** 53 - 1 });
        await storage.store([record], signal);
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        expect(await orm.em.getRepository(Usage).getUsage()).to.deep.equal([record]);
        expect(await orm.migrator.checkSchema()).to.equal(false);
        expect((await orm.migrator.create()).diff.up).to.deep.equal([]);
        await (await connectPostgres(database)).close();
        expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).to.not.include('koa_usage');
        await orm.migrator.down();
        expect(await caught(storage.store([record], signal))).to.include({ code: 'STORAGE_SETUP' });
      } finally {
        await orm.close(true);
      }
    });
  });
});
