import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../src/backends/sql/index.js';
import { patience } from '../../contract/subject.js';
import { describeOn } from '../../support/describe-on.js';
import { postgresOrm, suiteDatabase } from '../../support/postgresql.js';
import { makeRecord, newestFirst } from '../../support/records.js';

const NOON = Date.parse('2026-01-01T12:00:00Z');

describeOn('postgresql', (server) => {
  describe('UsageRepository on PostgreSQL', () => {
    const { database } = suiteDatabase(server);

    it('asks for a long page in pieces, as a driver makes rows of an answer in one turn', async () => {
      const limits: (string | undefined)[] = [];
      const logger = (line: string): void => {
        if (line.includes('order by')) limits.push(/ limit (\d+)/.exec(line)?.[1]);
      };
      const options = { debug: ['query' as const, 'query-params' as const], colors: false, logger };
      const orm = await postgresOrm(database(), options);
      try {
        // Several share a millisecond, so that pieces end between them.
        const records = Array.from({ length: 1300 }, (_, index) =>
          makeRecord({ date: new Date(NOON + Math.floor(index / 7)) }),
        );
        await new SqlStorage(orm).store(records, patience());
        const all = records.toSorted(newestFirst);
        const repository = orm.em.fork().getRepository(Usage);
        expect(await repository.getUsage({ limit: 1200, page: 1 })).to.deep.equal(all.slice(0, 1200));
        expect(await repository.getUsage({ limit: 650, page: 2 })).to.deep.equal(all.slice(650));
        expect(await repository.getUsage({ limit: 10_000 })).to.deep.equal(all);
        const { items, nextCursor } = await repository.getUsagePage({ limit: 501 });
        expect(items).to.deep.equal(all.slice(0, 501));
        expect((await repository.getUsagePage({ limit: 799, cursor: nextCursor })).nextCursor).to.equal(null);
        await repository.getUsagePage({ limit: 500 });
        expect(limits.join()).to.equal('501,501,198,501,149,501,501,501,501,1,501,299,501');
      } finally {
        await orm.close(true);
      }
    });
  });
});
