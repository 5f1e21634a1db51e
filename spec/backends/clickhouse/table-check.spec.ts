import { expect } from 'chai';
import { ClickHouseStorage, clickHouseTables } from '../../../src/backends/clickhouse/index.js';
import { caught } from '../../support/caught.js';
import { applicationClient, connectClickHouse, execute } from '../../support/clickhouse.js';
import { refuseRight, startFront } from '../../support/clickhouse-front.js';
import { describeOn } from '../../support/describe-on.js';
import { makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';
import { warningsOf } from '../../support/warnings.js';

const { signal } = new AbortController();

type Change = (sql: string) => string;

const replaced =
  (old: string | RegExp, by: string): Change =>
  (sql) => {
    const changed = sql.replace(old, by);
    expect(changed).to.not.equal(sql);
    return changed;
  };

const REFUSED: readonly (readonly [change: Change, problem: RegExp])[] = [
  [replaced('ReplacingMergeTree(version)', 'MergeTree'), /its engine is MergeTree\. /],
  [replaced('(version)', ''), /its engine is ReplacingMergeTree\. /],
  [replaced('(version)', '(weight_version)'), /its engine is ReplacingMergeTree\(weight_version\)\. /],
  [replaced(/engine = [^]*/, 'engine = Null'), /its engine is Null\. /],
  [replaced('(date, id)', 'date'), /it is ordered by \(date\)\. /],
  [replaced('(date, id)', '(date, id, method)'), /it is ordered by \(date, id, method\)\. /],
  [
    replaced("DateTime64(3, 'UTC')", "DateTime('UTC')"),
    /its column date is DateTime\('UTC'\), which does not hold DateTime64\(3, 'UTC'\)\. /,
  ],
  [
    replaced(/version UInt64 .*/, 'version DateTime default now()'),
    /its column version is DateTime, which does not hold UInt64\. /,
  ],
  [replaced('`id` String', '`id` UUID'), /its column id is UUID, which does not hold String\. /],
  [
    replaced(/`duration_ms` \w+/, '`duration_ms` Float32'),
    /its column duration_ms is Float32, which does not hold Float64\. /,
  ],
  [
    replaced(/`visitor` Nullable\((\w+)\)/, '`visitor` $1'),
    /its column visitor is String, which does not hold Nullable\(String\)\. /,
  ],
];

const TAKEN: readonly Change[] = [
  replaced('order by (date, id)', 'primary key date order by (date, id)'),
  replaced("DateTime64(3, 'UTC')", 'DateTime64(6)'),
  replaced('`method` LowCardinality(String)', '`method` String'),
  replaced('`status` Nullable(Int32)', '`status` Nullable(Int64)'),
  replaced('`id` String', "`id` String comment 'keep TTL in mind', `team` String default 'x'"),
  replaced(/$/, ' ttl toDateTime(date) + toIntervalDay(intDiv(60, 2)) recompress codec(ZSTD(9))'),
];

const WITH_TTL: readonly Change[] = [
  replaced(/$/, ' ttl toDateTime(date) + interval 30 day'),
  replaced(
    /$/,
    ' ttl toDateTime(date) + interval 1 day recompress codec(ZSTD(9)), toDateTime(date) + interval 9 day',
  ),
  replaced(/`username` (\S+),/, '`username` $1 ttl toDateTime(date) + interval 1 day,'),
];

describe('A table of ClickHouse that is there', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let made = 0;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    async function make(change: Change): Promise<string> {
      const tableName = `t${(made += 1)}`;
      const [records = ''] = clickHouseTables(tableName);
      const version = (sql: string): string =>
        sql.includes('weight_version') ? sql.replace('  `id`', '  weight_version UInt64,\n  `id`') : sql;
      await execute(database.url, version(change(records)));
      return tableName;
    }

    for (const [change, problem] of REFUSED)
      it(`is refused: ${problem.source.replaceAll('\\', '')}`, async () => {
        const tableName = await make(change);
        const error = await caught(connectClickHouse(database, { tableName }));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message)
          .to.match(problem)
          .and.match(new RegExp(`^The table '${tableName}' is not made as it has to be: `))
          .and.include(
            'engine = ReplacingMergeTree(version) partition by toYYYYMM(date) order by (date, id)',
          );
      });

    it("is refused on the application's client too, neither written nor read, and with all that is wrong", async () => {
      const tableName = await make((sql) =>
        sql.replace(/order by .*/, 'order by date').replace('`id` String', '`id` UUID'),
      );
      const client = applicationClient(database.url);
      for (const use of [
        (storage: ClickHouseStorage) => storage.store(makeRecords(2), signal),
        ({ reader }: ClickHouseStorage) => reader.getUsage(),
        ({ reader }: ClickHouseStorage) => reader.countUsage(),
        ({ reader }: ClickHouseStorage) => reader.getSummary({ by: 'server' }),
      ]) {
        const storage = new ClickHouseStorage(client, { tableName });
        const error = await caught(use(storage));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(/it is ordered by \(date\); its column id is UUID/);
        await storage.close();
      }
      await client.close();
    });

    it('is refused where it is that of summaries, and records wait', async () => {
      const [records = '', rows = ''] = clickHouseTables('summed');
      await execute(database.url, records);
      await execute(database.url, rows.replace('start_ms, id)', 'start_ms)'));
      const storage = await connectClickHouse(database, { tableName: 'summed' });
      const error = await caught(storage.store(makeRecords(1), signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /'summed_summary' is not made as it has to be: it is ordered by \(kind, dimension, start_ms\)\. .*ReplacingMergeTree\(version, is_deleted\)/,
      );
      await storage.close();
    });

    it('is taken where it keeps all of each record, whatever else it has', async () => {
      const warnings = await warningsOf(async () => {
        for (const change of TAKEN) {
          const storage = await connectClickHouse(database, { tableName: await make(change) });
          const records = makeRecords(3);
          await storage.store(records, signal);
          await storage.store(records, signal);
          expect(await storage.reader.countUsage()).to.equal(3);
          expect(await storage.reader.getUsage()).to.have.deep.members(records);
          await storage.close();
        }
      });
      expect(warnings).to.deep.equal([]);
    });

    it('is taken with a warning where it deletes by itself', async () => {
      for (const change of WITH_TTL) {
        const tableName = await make(change);
        const warnings = await warningsOf(async () => {
          await (await connectClickHouse(database, { tableName })).close();
        });
        expect(warnings).to.have.lengthOf(1);
        expect(warnings[0]).to.match(
          new RegExp(`the table '${tableName}' of ClickHouse has a TTL: .*retention`),
        );
      }
    });

    it('is left to statements where it cannot be seen', async () => {
      const front = await startFront(database.url.replace(/^clickhouse:/, 'http:'));
      front.answer = (statement, response) => statement.includes('system.tables') && refuseRight(response);
      const url = database.url.replace(/:\d+\//, `:${front.port}/`);
      const storage = await connectClickHouse({ url }, { tableName: 'unseen' });
      expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
      await storage.close();
      await front.close();
    });
  });
});
