import { expect } from 'chai';
import type { TrackUsageOptions } from '../../../src/index.js';
import type { SqlStorage } from '../../../src/backends/sql/index.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { expectBalanced } from '../../support/accounts.js';
import { laneTo } from '../../support/pipelines.js';
import { makeRecords } from '../../support/records.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

describe('A commit whose acknowledgement is lost', () => {
  let folder: TemporaryFolder;
  let database: SqlStorage;

  beforeEach(async () => {
    folder = await temporaryFolder();
    database = await connectSqlite(folder.file('usage.db'));
  });

  afterEach(async () => {
    await database.close();
    await folder.remove();
  });

  /** Commits, and then loses its answer, or gives it too late, so many times. */
  function deaf(times: number, how: 'reject' | 'hang'): UsageStorage {
    let left = times;
    return {
      name: 'deaf',
      async store(batch, signal) {
        const result = await database.store(batch, signal);
        if (left === 0) return result;
        left -= 1;
        if (how === 'reject') throw new Error('the connection was reset');
        return new Promise(() => {});
      },
    };
  }

  for (const how of ['reject', 'hang'] as const) {
    for (const mode of ['wal', 'overflow', 'none'] as const) {
      it(`leaves one row a record when the batch is tried again (${how}, spool: ${mode})`, async () => {
        const options: TrackUsageOptions = {
          batch: { maxRecords: 20 },
          queue: { maxRecords: mode === 'overflow' ? 20 : 1000 },
          retry: { attemptTimeoutMs: 1000, maxAgeMs: 31_536_000_000 },
          ...(mode !== 'none' && { spool: { dir: folder.file('spool'), mode } }),
        };
        const { pipeline, clock, attempts } = laneTo(deaf(3, how), options);
        const records = makeRecords(50);
        for (const record of records) pipeline.accept(record);
        await until(async () => {
          // In steps that are short beside a stall of the spool, as its files take real time.
          await clock.advance(100);
          return pipeline.stats().stored === 50;
        }, 'everything is acknowledged');
        expectBalanced(pipeline.stats());
        const [stats] = pipeline.stats().storages;
        expect(stats).to.include({ accepted: 50, failures: 0 });
        // The clock moves whether the disk is done or not: an attempt more may have been given up.
        expect(stats?.retries).to.be.at.least(3);
        expect(attempts.count).to.be.at.least(6);
        const rows = await database.reader.getUsage({ limit: 10_000 });
        expect(rows.map(({ id }) => id)).to.have.members(records.map(({ id }) => id));
        const closing = pipeline.close(0);
        await clock.advance(500);
        await closing;
      });
    }
  }
});
