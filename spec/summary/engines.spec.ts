import { expect } from 'chai';
import fc from 'fast-check';
import { connectClickHouse } from '../support/clickhouse.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo } from '../support/mongo.js';
import { connectMySql } from '../support/mysql.js';
import { connectPostgres } from '../support/postgresql.js';
import type { FreshDatabase, TestServer } from '../support/servers.js';
import { connectSqlite, temporaryFolder } from '../support/sqlite.js';
import { StoredHistory, storedHistories } from '../support/stored-histories.js';
import type { SummarizingStorage } from '../support/summary-operations.js';

/** Has histories happen, each in a database of its own that two storages are connected to. */
async function areExact(
  runs: number,
  length: number,
  open: () => Promise<{ connect: () => Promise<SummarizingStorage>; drop: () => Promise<void> }>,
  stretch = 1,
): Promise<void> {
  let [folded, dropped] = [0, 0];
  const property = fc.asyncProperty(storedHistories(length), async (steps) => {
    const { connect, drop } = await open();
    const storages = [await connect(), await connect()];
    try {
      const history = new StoredHistory(storages, stretch);
      await history.liveThrough(steps);
      folded += history.folded;
      dropped += history.dropped;
    } finally {
      for (const storage of storages) await storage.close();
      await drop();
    }
  });
  await fc.assert(property, { numRuns: runs });
  // Answers that are counted record by record alone would be exact, and prove nothing.
  expect(folded).to.be.above(10 * runs);
  expect(dropped > 0).to.equal(stretch > 1);
}

const TITLE = 'are exact, whatever is stored, erased, deleted and folded by two processes';

describe('summaries', function engines() {
  this.timeout(120_000);

  it(`${TITLE} in a file of SQLite`, () =>
    areExact(3, 14, async () => {
      const folder = await temporaryFolder();
      return { connect: () => connectSqlite(folder.file('usage.db')), drop: () => folder.remove() };
    }));

  const onServer = async (
    server: () => TestServer,
    connect: (database: FreshDatabase) => Promise<SummarizingStorage>,
  ) => {
    const database = await server().freshDatabase();
    return { connect: () => connect(database), drop: () => database.drop() };
  };

  describeOn('postgresql', (server) => {
    it(TITLE, () => areExact(2, 14, () => onServer(server, (database) => connectPostgres(database))));

    it(`${TITLE} in a table of months, of which old ones are dropped`, () => {
      const connect = (database: FreshDatabase) => connectPostgres(database, { partition: 'month' });
      return areExact(1, 14, () => onServer(server, connect), 60);
    });
  });

  describeOn('mariadb', (server) => {
    it(TITLE, () => areExact(2, 14, () => onServer(server, ({ url }) => connectMySql(url))));
  });

  describeOn('clickhouse', (server) => {
    it(TITLE, () => areExact(1, 5, () => onServer(server, (database) => connectClickHouse(database))));
  });

  describeOn('mongodb', (server) => {
    it(TITLE, () => areExact(1, 3, () => onServer(server, (database) => connectMongo(database))));
  });
});
