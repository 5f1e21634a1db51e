import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage, Usage, usageEntities } from '../../../src/backends/sql/index.js';
import type { StorageSummaries } from '../../../src/storage/usage-storage.js';
import { type Dimension, DEFAULT_DIMENSIONS, dimensionOf } from '../../../src/summary/dimensions.js';
import { foldOnce } from '../../../src/summary/fold.js';
import { makeRecords } from '../../support/records.js';
import { warningsOf } from '../../support/warnings.js';
import { applicationOrm, initOrm, useTemporaryFolder } from '../../support/sqlite.js';

const { signal } = new AbortController();
const TWO_DAYS_MS = 172_800_000;

/** Folds what is there, as a tracker does once its processes are done with it. */
async function fold(storage: SqlStorage): Promise<void> {
  await storage.summaries?.settle();
  const { store, reader } = storage.summaries as StorageSummaries;
  const dimensions = DEFAULT_DIMENSIONS.map((name) => dimensionOf(name) as Dimension);
  const now = (): number => Date.now() + TWO_DAYS_MS;
  await foldOnce({ store, reader, timeZone: 'UTC', dimensions, now }, signal);
}

describe("Summaries on the application's MikroORM", () => {
  const folder = useTemporaryFolder(async () => {
    await orm?.close(true);
    orm = null;
  });
  let orm: MikroORM | null = null;

  it('have a table that the schema has, with those of records and salts', async () => {
    orm = await initOrm();
    const sql = await orm.schema.getCreateSchemaSQL();
    for (const table of ['koa_usage', 'koa_usage_summary', 'koa_usage_salt'])
      expect(sql).to.include(`create table \`${table}\``);
    await orm.schema.create();
    const storage = new SqlStorage(orm);
    await storage.store(makeRecords(3), signal);
    await fold(storage);
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ live: 0 });
    await storage.close();
    expect(await orm.schema.getUpdateSchemaSQL()).to.equal('');
  });

  it('are of a table of another name, where the records are', async () => {
    orm = await applicationOrm({ entities: usageEntities('visits') });
    const storage = new SqlStorage(orm);
    await storage.store(makeRecords(2), signal);
    await storage.close();
    const rows = await orm.em.getConnection().execute('select kind from visits_summary');
    expect(rows).to.deep.equal([{ kind: 'touched' }]);
  });

  it('answer through every repository of the ORM, and in each fork', async () => {
    orm = await applicationOrm();
    const storage = new SqlStorage(orm);
    await storage.store(makeRecords(3), signal);
    await fold(storage);
    const repositories = [orm.em, orm.em.fork()].map((em) => em.getRepository(Usage));
    for (const repository of repositories) {
      const { rows, live } = await repository.getSummary({ by: 'endpoint' });
      expect(rows.map(({ route, hits }) => [route, hits])).to.deep.equal([['/users/:id', 3]]);
      expect(live).to.equal(0);
    }
    await storage.close();
  });

  it("are kept outside the application's transactions, which see them all the same", async () => {
    orm = await applicationOrm({ dbName: folder.file('app.db') });
    const storage = new SqlStorage(orm);
    await storage.store(makeRecords(1), signal);
    const fork = orm.em.fork();
    const rolledBack = fork.transactional(async (em) => {
      const repository = em.getRepository(Usage);
      expect(await repository.countUsage()).to.equal(1);
      throw new Error('rolled back');
    });
    await rolledBack.catch(() => {});
    await fold(storage);
    expect((await storage.reader.getSummary({ by: 'server' })).folded).to.be.greaterThan(0);
    await storage.close();
  });

  it('are answered record by record where no migration has made the table, which is said once', async () => {
    orm = await applicationOrm();
    await orm.em.getConnection().execute('drop table koa_usage_summary');
    const storage = new SqlStorage(orm);
    const warnings = await warningsOf(async () => {
      await storage.store(makeRecords(3), signal);
      expect(await storage.register?.prepare(true, signal)).to.equal(false);
    });
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.match(/there are no summaries, .*'koa_usage_summary'.*run the migrations/);
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ live: 3, folded: 0 });
    await storage.close();
  });

  it('are answered record by record where the ORM does not know the table', async () => {
    orm = await applicationOrm({ entities: [Usage] });
    const storage = new SqlStorage(orm);
    expect(storage.summaries).to.equal(null);
    await storage.store(makeRecords(3), signal);
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ live: 3, folded: 0 });
    await storage.close();
  });
});
