import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { caught } from '../../support/caught.js';
import { laneTo } from '../../support/pipelines.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { initOrm } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();

/** What a person has to change, how it comes about, and how it is put right. */
const CASES: [title: string, breakIt: (orm: MikroORM) => Promise<unknown>, says: RegExp][] = [
  ['the table is missing', async () => {}, /no such table: koa_usage/],
  [
    'a column is missing',
    async (orm) => {
      await orm.schema.create();
      await orm.em.getConnection().execute('alter table koa_usage drop column weight');
    },
    /no column named weight/,
  ],
];

for (const [title, breakIt, says] of CASES) {
  describe(`SqlStorage on the application's MikroORM when ${title}`, () => {
    let orm: MikroORM;
    let storage: SqlStorage;

    beforeEach(async () => {
      orm = await initOrm();
      await breakIt(orm);
      storage = new SqlStorage(orm);
    });

    afterEach(() => orm.close(true));

    it('rejects with what is wrong and what to do', async () => {
      const error = await caught(storage.store(makeRecords(2), signal));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message)
        .to.match(says)
        .and.to.match(/'koa_usage'.*run the migrations.*SqlStorage\.connect.* starts again/);
      expect(error.cause).to.be.an.instanceOf(Error);
    });

    it('is not asked again and again, and is logged once', async () => {
      const { pipeline, clock, lines, attempts } = laneTo(storage);
      for (const record of makeRecords(3)) pipeline.accept(record);
      await pipeline.flush();
      for (let second = 0; second < 10; second += 1) {
        pipeline.accept(makeRecord());
        await clock.advance(1000);
      }
      expect(attempts.count).to.equal(1);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.match(says);
      expect(pipeline.stats()).to.include({ accepted: 13, queued: 13, stored: 0 });
      await pipeline.close(0);
    });

    it('gets every record once it has been put right', async () => {
      const { pipeline, clock } = laneTo(storage);
      const records = makeRecords(3);
      for (const record of records) pipeline.accept(record);
      await pipeline.flush();
      await orm.schema.refresh();
      await clock.advance(30_000);
      await until(() => pipeline.stats().stored === 3, 'the records are stored');
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
      await pipeline.close(0);
    });
  });
}
