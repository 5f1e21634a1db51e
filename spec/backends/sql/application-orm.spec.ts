import { mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import {
  EntityCaseNamingStrategy,
  type MikroORM,
  MongoNamingStrategy,
  UnderscoreNamingStrategy,
  defineEntity,
  p,
} from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import {
  SqlStorage,
  Usage as TrackedUsage,
  UsageRepository,
  defineUsage,
} from '../../../src/backends/sql/index.js';
import { caught, thrown } from '../../support/caught.js';
import { makeRecord } from '../../support/records.js';
import { applicationOrm, initOrm } from '../../support/sqlite.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

describe("SqlStorage on the application's MikroORM", () => {
  let orm: MikroORM | null = null;

  afterEach(async () => {
    await orm?.close(true);
    orm = null;
  });

  it('refuses an ORM that does not know the entity, and says how to add it', async () => {
    const without = (orm = await initOrm({ entities: [Note] }));
    const error = await thrown(() => new SqlStorage(without));
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
    expect(error.message)
      .to.include("Import it from 'koa-track-usage/sql'")
      .and.include('MikroORM.init({ entities: [Usage, …] })');
  });

  for (const namingStrategy of [UnderscoreNamingStrategy, EntityCaseNamingStrategy, MongoNamingStrategy]) {
    it(`names its columns alike under ${namingStrategy.name}`, async () => {
      orm = await applicationOrm({ namingStrategy });
      const storage = new SqlStorage(orm);
      const record = makeRecord({ errorType: 'E', requestBytes: 7 });
      await storage.store([record], signal);
      expect(await storage.reader.getUsage({ username: 'ada' })).to.deep.equal([record]);
      const rows: unknown = await orm.em
        .getConnection()
        .execute('select duration_ms, ua_string from koa_usage');
      expect(rows).to.deep.equal([{ duration_ms: record.durationMs, ua_string: record.userAgent.string }]);
    });
  }

  it("lives beside an entity of the application's own that is called Usage", async () => {
    class Usage {
      declare id: number;
      declare kilowattHours: number;
    }
    const schema = defineEntity({
      class: Usage,
      tableName: 'usage',
      properties: { id: p.integer().primary(), kilowattHours: p.double() },
    });
    orm = await applicationOrm({ entities: [schema, TrackedUsage] });
    const storage = new SqlStorage(orm);
    const record = makeRecord();
    await storage.store([record], signal);
    const em = orm.em.fork();
    await em.insert(Usage, { id: 1, kilowattHours: 2.5 });
    expect(await storage.reader.getUsage()).to.deep.equal([record]);
    expect(await em.findOneOrFail(Usage, { id: 1 })).to.include({ kilowattHours: 2.5 });
    expect(orm.em.getRepository(Usage)).to.not.be.an.instanceOf(UsageRepository);
  });

  it('writes to the table that the application gave it', async () => {
    orm = await applicationOrm({ entities: [defineUsage('requests')] });
    const storage = new SqlStorage(orm);
    await storage.store([makeRecord()], signal);
    expect(await orm.em.getConnection().execute('select count(*) as n from requests')).to.deep.equal([
      { n: 1 },
    ]);
  });

  it('leaves the ORM open when it is closed', async () => {
    orm = await applicationOrm({ entities: [TrackedUsage, Note] });
    await new SqlStorage(orm).close();
    expect(await orm.isConnected()).to.equal(true);
    await orm.em.fork().insert(Note, { id: 1, body: 'still here' });
    const record = makeRecord();
    await new SqlStorage(orm).store([record], signal);
    expect(await orm.em.fork().count(Note)).to.equal(1);
    expect(await orm.em.getRepository(TrackedUsage).getUsage()).to.deep.equal([record]);
  });

  it("hands out its repository as MikroORM's own, with getUsage typed", async () => {
    orm = await applicationOrm();
    const record = makeRecord();
    await new SqlStorage(orm).store([record], signal);
    const repository: UsageRepository = orm.em.getRepository(TrackedUsage);
    expect(repository).to.be.an.instanceOf(UsageRepository);
    const records = await repository.getUsage({ startDate: '2026-01-01', limit: 1 });
    const durations: number[] = records.map(({ durationMs }) => durationMs);
    expect(durations).to.deep.equal([record.durationMs]);
    expect(await orm.em.fork().getRepository(TrackedUsage).getUsage()).to.deep.equal([record]);
    expect(await orm.em.fork().count(TrackedUsage, { status: 200 })).to.equal(1);
  });

  it('offers the same repository to the container', async () => {
    orm = await applicationOrm();
    const [binding, ...others] = new SqlStorage(orm).provides;
    expect(binding?.id).to.equal(UsageRepository);
    expect(binding?.value).to.be.an.instanceOf(UsageRepository);
    expect(others).to.deep.equal([]);
  });

  it('is part of the schema that the application generates', async () => {
    orm = await applicationOrm({ entities: [TrackedUsage, Note] });
    const sql = await orm.schema.getCreateSchemaSQL();
    expect(sql).to.match(/create table `koa_usage` \(`id` text not null/);
    expect(sql).to.match(/create index `koa_usage_date_id_index` on `koa_usage` \(`date`, `id`\)/);
    expect(await orm.schema.getUpdateSchemaSQL()).to.equal('');
  });

  it('is made by a migration that the application generates, and undone by it', async () => {
    // Inside the project, as the migration imports MikroORM.
    const path = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'migrations-'));
    try {
      orm = await initOrm({
        extensions: [Migrator],
        migrations: { path, emit: 'cjs', snapshot: false, silent: true },
      });
      const { diff } = await orm.migrator.create();
      expect(diff.up.join('\n')).to.include('create table `koa_usage`');
      await orm.migrator.up();
      const storage = new SqlStorage(orm);
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      expect(await orm.migrator.checkSchema()).to.equal(false);
      await orm.migrator.down();
      expect(await caught(storage.store([record], signal))).to.include({ code: 'STORAGE_SETUP' });
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
});
