import { type DriverException, TableNotFoundException } from '@mikro-orm/core';
import { expect } from 'chai';
import { type UsageRepository, Usage } from '../../../../src/backends/sql/index.js';
import { type Elsewhere, elsewheres } from '../../../../src/backends/mikro-orm/elsewhere.js';
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
  });
}

describe('What readers are told by the thread of SQLite', () => {
  const folder = useTemporaryFolder();

  it('of its end, where the storage is closed in the midst of an answer', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    await storage.store(makeRecords(10), signal);
    const thread = elsewheres.get(storage.reader) as Elsewhere;
    const read = thread.read.bind(thread);
    const closings: Promise<void>[] = [];
    thread.read = (sql, take) =>
      read(sql, (piece) => {
        if (piece.length > 0) closings.push(storage.close());
        take(piece);
      });
    const error = await caught(storage.reader.getUsage());
    expect(error).to.be.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
    await Promise.all(closings);
  });

  it('nothing of a fault, where nobody waits for a sum any more', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    await storage.store(makeRecords(10), signal);
    const gone = new Error('gone');
    const sums = new Sums([], periodsOf('UTC'), 'day');
    const error = await caught(storage.reader.sumUsage({}, ['id', 'date'], sums, AbortSignal.abort(gone)));
    expect(error).to.equal(gone);
    await storage.close();
  });
});
