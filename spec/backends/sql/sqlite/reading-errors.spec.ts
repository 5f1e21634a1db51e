import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DriverException, TableNotFoundException } from '@mikro-orm/core';
import { expect } from 'chai';
import { type UsageRepository, Usage } from '../../../../src/backends/sql/index.js';
import { TrackUsageError } from '../../../../src/errors.js';
import { periodsOf } from '../../../../src/summary/periods.js';
import { Sums } from '../../../../src/summary/sums.js';
import { caught } from '../../../support/caught.js';
import { makeRecords } from '../../../support/records.js';
import {
  SQLITE_CLIENTS,
  connectSqlite,
  executeNative,
  initOrm,
  useTemporaryFolder,
} from '../../../support/sqlite.js';

const { signal } = new AbortController();

const READS: readonly ((repository: UsageRepository) => Promise<unknown>)[] = [
  (repository) => repository.getUsage(),
  (repository) => repository.getUsagePage({ limit: 500 }),
  (repository) => repository.countUsage({ username: 'ada' }),
  (repository) => repository.streamUsage().next(),
  (repository) => repository.getSummary({ by: 'endpoint' }),
];

async function refuses(
  repository: UsageRepository,
  code: string,
  says: RegExp,
  cause: new (previous: Error) => DriverException,
): Promise<void> {
  for (const read of READS) {
    const error = await caught(read(repository));
    expect(error).to.be.instanceOf(TrackUsageError).and.include({ code });
    expect(error.message).to.match(says);
    expect(error.cause).to.be.instanceOf(cause);
  }
}

for (const [title, driver] of SQLITE_CLIENTS) {
  describe(`What readers are told by ${title}`, () => {
    const folder = useTemporaryFolder();
    const MISSING =
      /^The table 'koa_usage' cannot be read: .*no such table.* run the migrations .* select on the table\.$/s;

    it("of a missing table, by a repository of the application's own, also in a transaction", async () => {
      const orm = await initOrm({ driver });
      const repository = orm.em.fork().getRepository(Usage);
      await refuses(repository, 'STORAGE_SETUP', MISSING, TableNotFoundException);
      await orm.em
        .fork()
        .transactional((em) =>
          refuses(em.getRepository(Usage), 'STORAGE_SETUP', MISSING, TableNotFoundException),
        );
      expect(await caught(repository.getUsage({ limit: -1 }))).to.include({ code: 'INVALID_QUERY' });
      await orm.close();
    });

    it('of a table that went, by a connection of its own', async () => {
      const storage = await connectSqlite(folder.file('usage.db'), undefined, driver);
      expect(await storage.reader.getUsage()).to.deep.equal([]);
      await executeNative(folder.file('usage.db'), 'drop table koa_usage', driver);
      await refuses(storage.reader, 'STORAGE_SETUP', MISSING, TableNotFoundException);
      await storage.close();
    });

    it('of a file that cannot be opened', async () => {
      const orm = await initOrm({ driver, dbName: folder.file('no-folder/usage.db') });
      const error = await caught(orm.em.fork().getRepository(Usage).countUsage());
      expect(error).to.be.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.match(/^The table 'koa_usage' cannot be read now: ./);
      await orm.close(true);
    });

    it('of its end, whenever it is closed while it reads', async () => {
      const before = await connectSqlite(folder.file('usage.db'), undefined, driver);
      await before.store(makeRecords(2000), signal);
      await before.close();
      for (let turns = 0; turns < 12; turns += 1) {
        const storage = await connectSqlite(folder.file('usage.db'), undefined, driver);
        await storage.reader.countUsage();
        const reading = Promise.allSettled([storage.reader.getUsage({ limit: 10_000 })]);
        for (let turn = 0; turn < turns; turn += 1) await nextTurn();
        await storage.close();
        const [outcome] = await reading;
        if (outcome.status === 'fulfilled') expect(outcome.value).to.have.lengthOf(2000);
        else expect(outcome.reason).to.be.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
      }
    });
  });
}

describe('A sum that nobody waits for any more', () => {
  const folder = useTemporaryFolder();

  it('is no fault of the database', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    await storage.store(makeRecords(10), signal);
    const gone = new Error('gone');
    const sums = new Sums([], periodsOf('UTC'), 'day');
    const error = await caught(storage.reader.sumUsage({}, ['id', 'date'], sums, AbortSignal.abort(gone)));
    expect(error).to.equal(gone);
    await storage.close();
  });
});
