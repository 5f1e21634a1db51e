import { ClickHouseStorage, clickHouseTables } from '../../src/backends/clickhouse/index.js';
import { applicationClient, clickHousePoison, connectClickHouse, execute } from '../support/clickhouse.js';
import { describeOn } from '../support/describe-on.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeTheme } from './checks.js';
import { openOwn, shared } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

/** The columns of dates are in UTC, and a server's own zone has no say. */
const LACKING = ['reopenInOtherZone'] as const;

describeOn('clickhouse', function (server) {
  this.timeout(60_000);
  let database: FreshDatabase;
  let named = 0;

  before(async () => {
    database = await server().freshDatabase();
  });

  after(() => database.drop());

  /** The name of a table that nobody has used. */
  const freshName = (): string => `usage_${(named += 1)}`;

  describeStorageContract(
    'ClickHouseStorage on its own connection',
    async () => {
      const tableName = freshName();
      const own = await openOwn(() => connectClickHouse(database, { tableName }));
      return { ...own, isSlow: true, poison: clickHousePoison(database.url, tableName) };
    },
    LACKING,
  );

  describe("storage contract: ClickHouseStorage on the application's client", () => {
    for (const theme of ['the register', 'life cycle'])
      describeTheme(
        theme,
        async () => {
          const tableName = freshName();
          for (const sql of clickHouseTables(tableName)) await execute(database.url, sql);
          const client = applicationClient(database.url);
          const opened = shared(() => new ClickHouseStorage(client, { tableName }));
          const close = async (): Promise<void> => {
            await opened.close();
            await client.close();
          };
          return { ...opened, isSlow: true, close };
        },
        LACKING,
      );
  });
});
