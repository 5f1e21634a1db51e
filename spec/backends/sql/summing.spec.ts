import { expect } from 'chai';
import * as fc from 'fast-check';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { UsageRepository } from '../../../src/backends/mikro-orm/usage-repository.js';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { DIMENSION_NAMES, type Dimension, dimensionOf } from '../../../src/summary/dimensions.js';
import { ALWAYS, periodsOf } from '../../../src/summary/periods.js';
import { sumRecords } from '../../../src/summary/record-scan.js';
import { type SumPeriod, Sums } from '../../../src/summary/sums.js';
import { describeOn } from '../../support/describe-on.js';
import { initPostgresOrm, connectPostgres } from '../../support/postgresql.js';
import { connectSqlite, temporaryFolder } from '../../support/sqlite.js';
import { anySummedRecord } from '../../support/summed-records.js';
import { bytesOf } from '../../support/tally-bytes.js';

const { signal } = new AbortController();
const DIMENSIONS = DIMENSION_NAMES.map((name) => dimensionOf(name) as Dimension);
const PERIODS = periodsOf('Asia/Kathmandu');
const KINDS: readonly SumPeriod[] = ['slice', 'month', 'total'];

/** Records that differ in all that any dimension asks for; more of them than one statement reads of PostgreSQL. */
const RECORDS: readonly UsageRecord[] = fc
  .sample(
    fc.tuple(
      anySummedRecord,
      fc.constantFrom(null, { countryCode: 'NP' }, { countryCode: 7 }),
      fc.constantFrom(null, 'Firefox', '\ud83e\udd8a'),
    ),
    { numRuns: 2100, seed: 1 },
  )
  .map(([record, ipInfo, browser]) => {
    const parts = { browser, platform: ipInfo && 'Linux', language: browser && 'ne' };
    return Object.assign({}, record, {
      ipInfo,
      visitor: browser,
      userAgent: { ...record.userAgent, ...parts },
    });
  });

/** Sums in an order that does not depend on that of the records. */
function comparable(sums: Sums): unknown {
  return [...sums.starts()]
    .toSorted((one, other) => Number(one) - Number(other))
    .map((start) => [
      start,
      [...sums.figuresAt(start)].map(([name, tallies]) => [
        name,
        tallies
          .entries()
          .map(([key, tally]) => `${JSON.stringify(key)} ${bytesOf(tally).join(' ')}`)
          .toSorted(),
      ]),
    ]);
}

async function expectTheSame(storage: SqlStorage): Promise<void> {
  for (let start = 0; start < RECORDS.length; start += 500)
    await storage.store(RECORDS.slice(start, start + 500), signal);
  const reader = storage.summaries?.reader as UsageRepository;
  for (const kind of KINDS) {
    const [sums, expected] = [new Sums(DIMENSIONS, PERIODS, kind), new Sums(DIMENSIONS, PERIODS, kind)];
    for (const record of RECORDS) expected.add(record, record.date.getTime());
    const count = await sumRecords({ sumUsage: reader.sumUsage.bind(reader) } as never, ALWAYS, sums, signal);
    expect(count).to.equal(RECORDS.length);
    expect(comparable(sums), kind).to.deep.equal(comparable(expected));
  }
}

describe('sums that are made without making records', function sums() {
  this.timeout(60_000);

  it('are those of the records on SQLite, in its thread', async () => {
    const folder = await temporaryFolder();
    const storage = await connectSqlite(folder.file('usage.db'));
    await expectTheSame(storage);
    await storage.close();
    await folder.remove();
  });

  describeOn('postgresql', (server) => {
    it('are those of the records on PostgreSQL', async () => {
      const database = await server().freshDatabase();
      const storage = await connectPostgres(database);
      await expectTheSame(storage);
      await storage.close();
      await database.drop();
    });

    it("are those of the records on the application's MikroORM, whatever time zones there are", async () => {
      const database = await server().freshDatabase();
      const orm = await initPostgresOrm(database, {
        timezone: '+05:30',
        driverOptions: { options: '-c TimeZone=Europe/Berlin' },
      });
      await orm.schema.refresh();
      const storage = new SqlStorage(orm);
      await expectTheSame(storage);
      await storage.close();
      await orm.close();
      await database.drop();
    });
  });
});
