import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ClickHouseStorage } from '../../../src/backends/clickhouse/index.js';
import { summarizeUsage } from '../../../src/index.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { DEFAULT_DIMENSIONS } from '../../../src/summary/dimensions.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { bucketBounds } from '../../support/bucket-bounds.js';
import { connectClickHouse } from '../../support/clickhouse.js';
import { describeOn } from '../../support/describe-on.js';
import { makeRecord } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();
const START_MS = Date.parse('2026-03-28T22:00:00.000Z');
const DAY_MS = 86_400_000;

/** Durations that are, or are next to, the bounds of buckets; or those of halves of microseconds, or longer than any request. */
const duration = fc.oneof(
  fc.constantFrom(...bucketBounds()),
  fc.constantFrom(...bucketBounds()).map((bound) => bound * (1 - Number.EPSILON)),
  fc.integer({ min: 0, max: 5_000_000 }).map((halves) => halves / 2000),
  fc.double({ min: 0, max: 1e5, noNaN: true }),
  fc.constant(3e11),
);

const record: fc.Arbitrary<UsageRecord> = fc
  .record({
    date: fc.integer({ min: 0, max: 3 * DAY_MS }).map((ms) => new Date(START_MS + ms)),
    durationMs: duration,
    weight: fc.oneof(
      fc.constantFrom(1, 1 / 0.3, 2 ** -21, 3 * 2 ** -21),
      fc.double({ min: 1, max: 100, noNaN: true }),
    ),
    requestBytes: fc.option(fc.nat(5)),
    responseBytes: fc.option(fc.nat(1_000_000)),
    status: fc.option(fc.constantFrom(200, 399, 400, 499, 500, 599)),
    aborted: fc.boolean(),
    bot: fc.boolean(),
    username: fc.option(fc.constantFrom('', 'ada', "b'ob")),
    route: fc.option(fc.constantFrom('/a', '/b')),
  })
  .map((fields) => makeRecord(fields));

describe('sums of ClickHouse', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(180_000);
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    async function expectExact(storage: ClickHouseStorage, records: readonly UsageRecord[]): Promise<void> {
      const memory = new MemoryStorage({ maxRecords: 20_000 });
      await memory.store(records);
      for (const by of DEFAULT_DIMENSIONS) {
        for (const period of ['hour', 'day', 'total'] as const) {
          const query = { by, period, limit: 100_000 };
          const expected = await summarizeUsage(memory, query);
          const { rows, live } = await storage.reader.getSummary(query);
          expect({ rows, live }).to.deep.equal({ rows: expected.rows, live: expected.live });
        }
      }
    }

    it('equal those of the records one by one, to the last bit', async () => {
      let run = 0;
      const property = fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 40 }),
        async (records) => {
          const storage = await connectClickHouse(database, { tableName: `sums_${(run += 1)}` });
          await storage.store(records, signal);
          await storage.store(records.slice(0, 10), signal);
          await expectExact(storage, records);
          await storage.close();
        },
      );
      await fc.assert(property, { numRuns: 5 });
    });

    it('count the row of a record that came first, wherever a statement ends', async () => {
      const storage = await connectClickHouse(database, { tableName: 'twice' });
      const records = Array.from({ length: 10_100 }, (_value, index) =>
        makeRecord({ date: new Date(START_MS + Math.floor(index / 3)), durationMs: 10 }),
      );
      // Statements read from the newest on.
      const again = [...records.slice(0, 150), ...records.slice(-3)];
      await storage.store(records, signal);
      await storage.store(
        again.map((one) => makeRecord({ ...one, durationMs: 5000 })),
        signal,
      );
      await expectExact(storage, records);
      const newest: number[] = [];
      for await (const { durationMs } of storage.reader.streamUsage({ batchSize: 2 })) {
        newest.push(durationMs);
        if (newest.length === 7) break;
      }
      expect(newest).to.deep.equal(newest.map(() => 10));
      expect(await storage.reader.getUsage({ limit: 1 })).to.deep.equal(records.slice(-1));
      await storage.close();
    });

    it('tell more periods apart than a statement has room for', async () => {
      const storage = await connectClickHouse(database, { tableName: 'many_hours' });
      const records = [0, 1, 208, 209, 420].map((day) =>
        makeRecord({ date: new Date(START_MS + day * DAY_MS) }),
      );
      await storage.store(records, signal);
      const memory = new MemoryStorage();
      await memory.store(records);
      const query = { by: 'server', period: 'hour' } as const;
      expect((await storage.reader.getSummary(query)).rows).to.deep.equal(
        (await memory.getSummary(query)).rows,
      );
      await storage.close();
    });
  });
});
